(* Laws of the error function and of weights that vanish, as gates do. mathcomp has no erf: what a
   law needs of it, that it is odd and below 1, is a hypothesis of the theorem. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.analysis Require Import constructive_ereal reals sequences exp.
From Pullback Require Import meaning rules rules_functions exponentials.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Fact erfc_positive (R : realType) (erf : R -> R) a : (forall x, erf x < 1) -> 0 < erfc erf a.
Proof. by move=> below; rewrite subr_gt0. Qed.

(* law: complementary error function; any multiple of 1 + erf *)
Theorem erf_more (R : realType) (erf : R -> R) (t a : R) :
  (forall x, erf (- x) = - erf x) -> t + t * erf a = t * erfc erf (- a).
Proof. by move=> odd; rewrite /erfc odd; ring. Qed.
(* law: complementary error function; any multiple of 1 - erf *)
Theorem erf_less (R : realType) (erf : R -> R) (t a : R) : t - t * erf a = t * erfc erf a.
Proof. by rewrite mulrBr mulr1. Qed.

(* law: scaled error function *)
Theorem scaled_erfc (R : realType) (erf : R -> R) (b a : R) :
  b * expR (- a ^+ 2) / erfc erf a = b / erfcx erf a.
Proof. by rewrite /erfcx invfM expRN mulrA. Qed.

(* law: log of the error function; both forms are the log, and so is where(c, one, other) *)
Theorem log_of_erfc (R : realType) (erf : R -> R) (a : R) (c : bool) :
  (forall x, erf x < 1) ->
  ln (erfc erf a) = if c then ln (erfcx erf a) - a ^+ 2 else log1p (- erf a).
Proof.
move=> below; case: c => //.
by rewrite /erfcx lnM ?posrE ?expR_gt0 ?erfc_positive // expK addrC addKr.
Qed.

(* law: log of the error function; of half of it *)
Theorem log_of_half_erfc (R : realType) (erf : R -> R) (a : R) (c : bool) :
  (forall x, erf x < 1) -> (forall x, erf (- x) = - erf x) ->
  ln (erfc erf a / 2) =
  if c then ln (erfcx erf a) - a ^+ 2 - ln 2 else log1p (- (erfc erf (- a) / 2)).
Proof.
move=> below odd; case: c.
  by rewrite ln_div ?posrE ?erfc_positive ?ltr0n // (log_of_erfc a true below).
by rewrite /log1p erfc_negative //; congr ln; field.
Qed.

(* law: log of the error function; its log less log 2 *)
Theorem log_of_erfc_less_log_two (R : realType) (erf : R -> R) (a : R) :
  (forall x, erf x < 1) -> ln (erfc erf a) - ln 2 = ln (erfc erf a / 2).
Proof. by move=> below; rewrite ln_div ?posrE ?erfc_positive ?ltr0n. Qed.

(* law: weights as exponentials; a sigmoid *)
Theorem weight_sigmoid (R : realType) (a : R) : sigmoid a = expR (logsigmoid a).
Proof. by rewrite lnK // posrE sigmoid_positive. Qed.
(* law: weights as exponentials; 1 less a sigmoid *)
Theorem weight_sigmoid_complement (R : realType) (a : R) :
  1 - sigmoid a = expR (logsigmoid (- a)).
Proof. by rewrite sigmoid_complement weight_sigmoid. Qed.

(* law: weights as exponentials; 1 + tanh *)
Theorem weight_tanh (R : realType) (a : R) : 1 + tanh a = expR (ln 2 + logsigmoid (2 * a)).
Proof.
have := tanh_as_sigmoid 1 a; rewrite !mul1r => ->.
by rewrite expRD lnK ?posrE ?ltr0n // -weight_sigmoid.
Qed.
(* law: weights as exponentials; 1 - tanh *)
Theorem weight_tanh_minus (R : realType) (a : R) :
  1 - tanh a = expR (ln 2 + logsigmoid (- (2 * a))).
Proof.
have := tanh_as_sigmoid_minus 1 a; rewrite !mul1r => ->.
by rewrite expRD lnK ?posrE ?ltr0n // -weight_sigmoid.
Qed.

(* law: weights as exponentials; erfc *)
Theorem weight_erfc (R : realType) (erf : R -> R) (a : R) :
  (forall x, erf x < 1) -> erfc erf a = expR (logerfc erf a).
Proof. by move=> below; rewrite lnK // posrE erfc_positive. Qed.
(* law: weights as exponentials; 1 - erf *)
Theorem weight_erf_less (R : realType) (erf : R -> R) (a : R) :
  (forall x, erf x < 1) -> 1 - erf a = expR (logerfc erf a).
Proof. exact: weight_erfc. Qed.
(* law: weights as exponentials; 1 + erf *)
Theorem weight_erf_more (R : realType) (erf : R -> R) (a : R) :
  (forall x, erf x < 1) -> (forall x, erf (- x) = - erf x) ->
  1 + erf a = expR (logerfc erf (- a)).
Proof. by move=> below odd; rewrite -weight_erfc // /erfc odd opprK. Qed.

(* law: log of a sigmoid in an exponent *)
Theorem logsigmoid_stable (R : realType) (a : R) :
  logsigmoid a = Num.min a 0 - log1p (expR (- `|a|)).
Proof.
rewrite logsigmoid_meaning /log1p; case: (ltP a 0) => a0.
  rewrite ltr0_norm // opprK -{2}(expK a) -ln_div ?posrE ?expR_gt0 ?exp_more //.
  rewrite -lnV ?posrE ?exp_more //; congr ln.
  have e0 := exp_not0 a; have m0 := exp_more_not0 a.
  by rewrite expRN -[RHS]invf_div mulrDl mul1r divff // addrC.
by rewrite ger0_norm // sub0r.
Qed.
