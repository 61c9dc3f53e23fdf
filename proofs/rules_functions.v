(* The rules of the normal form for exponentials, logs, real powers and what is made of them. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.analysis Require Import constructive_ereal reals sequences exp trigo.
From Pullback Require Import meaning.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* -- exponentials ----------------------------------------------------------------------------- *)

(* rule: an exponential of a sum is a product *)
Theorem exp_sum (R : realType) (a b : R) : expR (a + b) = expR a * expR b.
Proof. exact: expRD. Qed.

(* rule: exp(0) = 1 *)
Theorem exp_zero (R : realType) : expR 0 = 1 :> R.
Proof. exact: expR0. Qed.

(* rule: an exponential of what has a minus sign stands below the line *)
Theorem exp_negative (R : realType) (a : R) : expR (- a) = (expR a)^-1.
Proof. exact: expRN. Qed.

(* rule: an exponential is above 0 *)
Theorem exp_positive (R : realType) (a : R) : 0 < expR a.
Proof. exact: expR_gt0. Qed.

(* rule: an exponential of a whole multiple is a power *)
Theorem exp_multiple (R : realType) (k : int) (a : R) : expR (k%:~R * a) = expR a ^ k.
Proof.
case: k => k; first by rewrite expRMm.
by rewrite NegzE mulrNz mulNr expRN expRMm -exprnN.
Qed.

(* rule: an exponential of a sum over an axis is a product over it *)
Theorem exp_of_sum (R : realType) (I : finType) (a : I -> R) :
  expR (\sum_i a i) = \prod_i expR (a i).
Proof. by elim/big_rec2: _ => [|i x y _ <-]; rewrite ?expR0 ?expRD. Qed.

(* rule: exp(where(c, a, -oo)) = [c] exp(a) *)
Theorem exp_masked (R : realType) (c : bool) (a : R) :
  exp_from (masked c a) = ⟦c⟧ * expR a.
Proof. by case: c; rewrite ?mul1r ?mul0r. Qed.

(* -- logs ------------------------------------------------------------------------------------- *)

(* rule: log(exp(a)) = a *)
Theorem log_exp (R : realType) (a : R) : ln (expR a) = a.
Proof. exact: expK. Qed.

(* rule: exp(log(a)) = a where a is above 0 *)
Theorem exp_log (R : realType) (a : R) : 0 < a -> expR (ln a) = a.
Proof. by move=> a0; rewrite lnK. Qed.

(* rule: log(1) = 0 *)
Theorem log_one (R : realType) : ln 1 = 0 :> R.
Proof. exact: ln1. Qed.

(* rule: a log of a product is a sum *)
Theorem log_product (R : realType) (a b : R) : 0 < a -> 0 < b -> ln (a * b) = ln a + ln b.
Proof. by move=> a0 b0; rewrite lnM. Qed.

(* rule: a log of a quotient is a difference *)
Theorem log_quotient (R : realType) (a b : R) : 0 < a -> 0 < b -> ln (a / b) = ln a - ln b.
Proof. by move=> a0 b0; rewrite ln_div. Qed.

(* rule: a log has the sign of what it is taken of, less 1 *)
Theorem log_sign (R : realType) (a : R) : 0 < a -> ⟦0 < ln a⟧ = ⟦0 < a - 1⟧ :> R.
Proof. by move=> a0; rewrite -[X in X < ln a]ln1 ltr_ln ?posrE ?ltr01 // subr_gt0. Qed.

(* rule: a log of a product over an axis is a sum over it *)
Theorem log_of_product (R : realType) (I : finType) (a : I -> R) :
  (forall i, 0 < a i) -> ln (\prod_i a i) = \sum_i ln (a i).
Proof.
move=> a0; suff [_ ->] : 0 < \prod_i a i /\ ln (\prod_i a i) = \sum_i ln (a i) by [].
elim/big_rec2: _ => [|i x y _ [y0 xE]]; first by rewrite ln1 ltr01.
by rewrite mulr_gt0 // lnM ?posrE // xE.
Qed.

(* -- real powers ------------------------------------------------------------------------------ *)

(* rule: a real power is an exponential *)
Theorem power_exponential (R : realType) (a p : R) : 0 < a -> expR (p * ln a) = power a p.
Proof. by move=> a0; rewrite /power gt_eqF. Qed.

(* rule: a real power of a number above 0 is above 0 *)
Theorem power_positive (R : realType) (a p : R) : 0 < a -> 0 < power a p.
Proof. by move=> a0; rewrite -power_exponential ?expR_gt0. Qed.

(* rule: log(a^p) = p log(a) *)
Theorem log_power (R : realType) (a p : R) : 0 < a -> ln (power a p) = p * ln a.
Proof. by move=> a0; rewrite -power_exponential // expK. Qed.

(* rule: a log of an even power is by |a| *)
Theorem log_even_power (R : realType) (a : R) k :
  a != 0 -> ln (a ^+ (2 * k)) = (2 * k)%:R * ln `|a|.
Proof.
move=> a0; have : 0 < `|a| by rewrite normr_gt0.
by move=> /lnX E; rewrite mulr_natl -E exprM -[a ^+ 2]real_normK ?num_real // -exprM.
Qed.

(* rule: real powers of one base that is above 0 *)
Theorem power_sum (R : realType) (a p q : R) : 0 < a -> power a p * power a q = power a (p + q).
Proof. by move=> a0; rewrite -!power_exponential // -expRD -mulrDl. Qed.

(* rule: real powers of one base that may be 0, where both exponents are above 0 *)
Theorem power_sum_at_zero (R : realType) (a p q : R) :
  0 <= a -> 0 < p -> 0 < q -> power a p * power a q = power a (p + q).
Proof.
rewrite le_eqVlt => /predU1P[<-|/power_sum //] p0 q0.
by rewrite /power eqxx !gt_eqF ?addr_gt0 // mul0r.
Qed.

(* rule: as many real powers of one base as there are, where it is above 0 *)
Theorem power_sum_many (R : realType) (I : finType) (a : R) (p : I -> R) :
  0 < a -> \prod_i power a (p i) = power a (\sum_i p i).
Proof.
move=> a0; elim/big_rec2: _ => [|i x y _ ->]; last by rewrite power_sum.
by rewrite -power_exponential // mul0r expR0.
Qed.

(* rule: a real power with exponent 1 is its base *)
Theorem power_one (R : realType) (a : R) : 0 <= a -> power a 1 = a.
Proof.
rewrite le_eqVlt => /predU1P[<-|a0]; first by rewrite /power eqxx oner_eq0.
by rewrite -power_exponential // mul1r lnK.
Qed.

(* rule: a real power, but for the 0th, of a product with a bracket *)
Theorem bracket_in_real_power (R : realType) (c : bool) (x p : R) :
  p != 0 -> power (⟦c⟧ * x) p = ⟦c⟧ * power x p.
Proof. by move=> p0; case: c; rewrite ?mul1r // !mul0r /power eqxx (negbTE p0). Qed.

(* rule: a real power of a product *)
Theorem power_product (R : realType) (a b p : R) :
  0 <= a -> 0 <= b -> power (a * b) p = power a p * power b p.
Proof.
rewrite le_eqVlt => /predU1P[<-|a0].
  rewrite mul0r /power eqxx; case: (eqVneq p 0) => [->|]; last by rewrite mul0r.
  by rewrite mul0r expR0 mul1r; case: ifP.
rewrite le_eqVlt => /predU1P[<-|b0].
  rewrite mulr0 /power eqxx; case: (eqVneq p 0) => [->|]; last by rewrite mulr0.
  by rewrite mul0r expR0 mulr1; case: ifP.
by rewrite -!power_exponential ?mulr_gt0 // lnM // mulrDr expRD.
Qed.

(* rule: a real power of a real power *)
Theorem power_power (R : realType) (a p q : R) :
  0 < a -> power (power a p) q = power a (p * q).
Proof. by move=> a0; rewrite -!power_exponential ?expR_gt0 // expK mulrA [q * p]mulrC. Qed.

(* rule: a real power of an exponential *)
Theorem power_of_exp (R : realType) (a p : R) : power (expR a) p = expR (p * a).
Proof. by rewrite -power_exponential ?expR_gt0 // expK. Qed.

(* rule: a real power with a whole exponent is the whole power *)
Theorem power_is_whole (R : realType) (a : R) (k : int) : 0 < a -> power a k%:~R = a ^ k.
Proof.
by move=> a0; rewrite -power_exponential // exp_multiple lnK.
Qed.

(* rule: a real power with exponent a half is the root *)
Theorem power_is_root (R : realType) (a : R) : 0 <= a -> power a 2^-1 = Num.sqrt a.
Proof.
rewrite le_eqVlt => /predU1P[<-|a0].
  by rewrite sqrtr0 /power eqxx invr_eq0 pnatr_eq0.
have p0 := power_positive 2^-1 a0; rewrite -[LHS]ger0_norm ?ltW // -sqrtr_sqr; congr Num.sqrt.
rewrite expr2 power_sum // -mulr2n -[_ *+ 2]mulr_natr mulVf ?pnatr_eq0 //.
by rewrite -[1]/(1%:~R) power_is_whole.
Qed.

(* rule: a real power of an even power is one of |a| *)
Theorem power_of_even (R : realType) (a p : R) k :
  a != 0 -> power (a ^+ (2 * k)) p = power `|a| ((2 * k)%:R * p).
Proof.
move=> a0; have n0 : 0 < `|a| by rewrite normr_gt0.
have s0 : 0 < a ^+ (2 * k) by rewrite exprM exprn_gt0 // lt_neqAle sqr_ge0 eq_sym sqrf_eq0 a0.
by rewrite -!power_exponential // log_even_power // mulrA [p * _]mulrC.
Qed.

(* rule: a number is the square of its root *)
Theorem root_square (R : realType) (a : R) : 0 <= a -> Num.sqrt a ^+ 2 = a.
Proof. exact: sqr_sqrtr. Qed.

(* rule: the root of a square is |a| *)
Theorem square_root (R : realType) (a : R) : Num.sqrt (a ^+ 2) = `|a|.
Proof. exact: sqrtr_sqr. Qed.

(* -- functions made of exponentials ----------------------------------------------------------- *)

(* rule: log1p is what it stands for *)
Theorem log1p_meaning (R : realType) (a : R) : log1p a = ln (1 + a).
Proof. by []. Qed.
(* rule: expm1 is what it stands for *)
Theorem expm1_meaning (R : realType) (a : R) : expm1 a = expR a - 1.
Proof. by []. Qed.

(* one more than an exponential is above 0 *)
Fact exp_more (R : realType) (a : R) : 0 < 1 + expR a.
Proof. by rewrite addr_gt0 ?ltr01 ?expR_gt0. Qed.

(* rule: the sigmoid by exponentials *)
Theorem sigmoid_exponentials (R : realType) (a : R) : sigmoid a = expR a / (1 + expR a).
Proof.
have a0 : expR a != 0 by rewrite gt_eqF ?expR_gt0.
have m0 : 1 + expR a != 0 by rewrite gt_eqF ?exp_more.
by rewrite /sigmoid expRN -[RHS]invf_div mulrDl mul1r divff // addrC.
Qed.

(* rule: tanh by exponentials *)
Theorem tanh_exponentials (R : realType) (a : R) :
  tanh a = (expR (2 * a) - 1) / (expR (2 * a) + 1).
Proof.
have a0 : expR a != 0 by rewrite gt_eqF ?expR_gt0.
have m0 : expR a ^+ 2 + 1 != 0 by rewrite gt_eqF ?ltr_spaddr ?ltr01 ?exprn_ge0 ?ltW ?expR_gt0.
rewrite /tanh expRN [expR (2 * a)](@expRMm _ 2).
by field; rewrite ?a0 ?m0.
Qed.

(* rule: tanh by an exponential that is small far out *)
Theorem tanh_small (R : realType) (a : R) :
  tanh a = (1 - expR (- (2 * a))) / (1 + expR (- (2 * a))).
Proof.
have a0 : expR a != 0 by rewrite gt_eqF ?expR_gt0.
have m0 : expR a ^+ 2 + 1 != 0 by rewrite gt_eqF ?ltr_spaddr ?ltr01 ?exprn_ge0 ?ltW ?expR_gt0.
rewrite tanh_exponentials expRN [expR (2 * a)](@expRMm _ 2).
by field; rewrite ?a0 ?m0.
Qed.

(* rule: sine and cosine are no further from 0 than 1 *)
Theorem sine_bounded (R : realType) (a : R) : (`|sin a| <= 1) * (`|cos a| <= 1).
Proof. by rewrite !ler_norml sin_le1 sin_geN1 cos_le1 cos_geN1. Qed.

(* rule: the largest over what a condition leaves in stands where it holds, if any does *)
Theorem largest_left_in (R : realType) (I : Type) (c : I -> bool) (a : I -> R) (k l : I) :
  (forall j, masked (c j) (a j) <= masked (c l) (a l))%E -> c k -> c l.
Proof. by move=> /(_ k) + ck; rewrite /masked ck; case: (c l). Qed.

(* rule: tanh is odd *)
Theorem tanh_odd (R : realType) (a : R) : tanh (- a) = - tanh a.
Proof. by rewrite /tanh opprK -[expR (- a) - _]opprB mulNr [expR (- a) + _]addrC. Qed.

(* rule: sine is odd *)
Theorem sine_odd (R : realType) (a : R) : sin (- a) = - sin a.
Proof. exact: sinN. Qed.

(* rule: cosine is even *)
Theorem cosine_even (R : realType) (a : R) : cos (- a) = cos a.
Proof. exact: cosN. Qed.

(* rule: the log of a sigmoid *)
Theorem logsigmoid_meaning (R : realType) (a : R) : logsigmoid a = - ln (1 + expR (- a)).
Proof. by rewrite /logsigmoid lnV ?posrE ?exp_more. Qed.

(* rule: erfc is what it stands for *)
Theorem erfc_meaning (R : realType) (erf : R -> R) a : erfc erf a = 1 - erf a.
Proof. by []. Qed.
(* rule: erfcx is what it stands for *)
Theorem erfcx_meaning (R : realType) (erf : R -> R) a :
  erfcx erf a = expR (a ^+ 2) * erfc erf a.
Proof. by []. Qed.

(* rule: erf is odd, so that erfc(-a) = 2 - erfc(a) *)
Theorem erfc_negative (R : realType) (erf : R -> R) a :
  (forall x, erf (- x) = - erf x) -> erfc erf (- a) = 2 - erfc erf a.
Proof. by move=> odd; rewrite /erfc odd; ring. Qed.
