(* Laws of exponentials, logs, sigmoids, tanh and the error function. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.analysis Require Import constructive_ereal reals sequences exp.
From Pullback Require Import meaning rules rules_functions sums.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Fact exp_not0 (R : realType) (a : R) : expR a != 0.
Proof. by rewrite gt_eqF ?expR_gt0. Qed.
Fact exp_more_not0 (R : realType) (a : R) : 1 + expR a != 0.
Proof. by rewrite gt_eqF ?exp_more. Qed.
Fact sigmoid_positive (R : realType) (a : R) : 0 < sigmoid a.
Proof. by rewrite invr_gt0 exp_more. Qed.

(* law: powers of one base; a quotient takes one away *)
Theorem power_over_base (R : realType) (a p : R) : 0 < a -> power a p / a = power a (p - 1).
Proof.
move=> a0; rewrite -power_sum // -[-1]/((-1)%:~R) power_is_whole //.
Qed.

(* law: common factor; real powers, of which each has p at least where the base may be 0 *)
Theorem common_real_power (R : realType) k (f p : R) (q r : 'I_k -> R) :
  0 < f \/ 0 <= f /\ 0 < p /\ (forall t, p <= q t) ->
  \sum_t power f (q t) * r t = power f p * (\sum_t power f (q t - p) * r t).
Proof.
move=> ok; rewrite mulr_sumr; apply: eq_bigr => t _; rewrite mulrA; congr (_ * _).
case: ok => [f0|[]]; first by rewrite power_sum // addrC subrK.
rewrite le_eqVlt => /predU1P[<- [p0 pq]|f0 _]; last by rewrite power_sum // addrC subrK.
by rewrite /power eqxx (gt_eqF p0) (gt_eqF (lt_le_trans p0 (pq t))) mul0r.
Qed.

(* law: product of exponentials; where one stands in a sum of weighted ones under conditions *)
Theorem exp_into_sum (R : realType) (I : finType) (c : I -> bool) (w b : I -> R) (a : R) :
  expR a * (\sum_i ⟦c i⟧ * (w i * expR (b i))) = \sum_i ⟦c i⟧ * (w i * expR (b i + a)).
Proof.
by rewrite mulr_sumr; apply: eq_bigr => i _; rewrite expRD; ring.
Qed.

(* law: common exponential; of sums S_b = exp(c_b) S'_b to whole powers *)
Theorem common_exponential_cancels (R : realType) k (a : R) (c s s' : 'I_k -> R) (p : 'I_k -> int) :
  (forall b, s b = expR (c b) * s' b) ->
  expR a * (\prod_b s b ^ p b) = expR (a + \sum_b (p b)%:~R * c b) * (\prod_b s' b ^ p b).
Proof.
move=> sE; rewrite expRD exp_of_sum -mulrA -big_split; congr (_ * _); apply: eq_bigr => b _ /=.
by rewrite sE expfzMl exp_multiple.
Qed.

(* law: common exponential; it comes out of a sum whose index it does not run with *)
Theorem common_exponential_of_sum (R : realType) (I : finType) (w a : I -> R) (c : R) :
  \sum_i w i * expR (a i + c) = expR c * (\sum_i w i * expR (a i)).
Proof. by rewrite mulr_sumr; apply: eq_bigr => i _; rewrite expRD; ring. Qed.

(* law: common exponential; in a log *)
Theorem common_exponential_of_log (R : realType) (I : finType) (w a : I -> R) (c : R) :
  0 < \sum_i w i * expR (a i) ->
  ln (\sum_i w i * expR (a i)) = c + ln (\sum_i w i * expR (a i - c)).
Proof.
move=> s0; rewrite common_exponential_of_sum lnM ?posrE ?expR_gt0 // expK; ring.
Qed.

(* law: log of a quotient; real powers of positive factors, and what is left, also positive *)
Theorem log_of_powers (R : realType) k (rest : R) (b p : 'I_k -> R) :
  0 < rest -> (forall t, 0 < b t) ->
  ln (rest * \prod_t power (b t) (p t)) = ln rest + \sum_t p t * ln (b t).
Proof.
move=> r0 b0; have pos t : 0 < power (b t) (p t) by apply: power_positive.
rewrite lnM ?posrE ?prodr_gt0 // log_of_product //; congr (_ + _).
by apply: eq_bigr => t _; rewrite log_power.
Qed.

(* law: log of a quotient; where what is left is 0 the log is -oo, whatever is added to that *)
Theorem log_of_zero (R : realType) (b r : R) : log_from (0 * b) = (-oo + r%:E)%E.
Proof. by rewrite mul0r /log_from eqxx. Qed.

(* law: log of a sigmoid *)
Theorem log_of_sigmoid (R : realType) (a : R) : ln (sigmoid a) = - ln (1 + expR (- a)).
Proof. exact: logsigmoid_meaning. Qed.

(* law: complement of a sigmoid *)
Theorem sigmoid_complement (R : realType) (a : R) : 1 - sigmoid a = sigmoid (- a).
Proof.
have := exp_more_not0 a; rewrite (sigmoid_exponentials a) /sigmoid opprK => m0.
by rewrite -{1}(divff m0) -mulrBl addrK mul1r.
Qed.

(* law: log of a sigmoid; of 1 less one *)
Theorem log_of_sigmoid_complement (R : realType) (a : R) :
  ln (1 - sigmoid a) = - ln (1 + expR a).
Proof. by rewrite sigmoid_complement log_of_sigmoid opprK. Qed.

(* law: complement of a sigmoid; any multiple *)
Theorem sigmoid_complement_multiple (R : realType) (c a : R) :
  c - c * sigmoid a = c * sigmoid (- a).
Proof. by rewrite -sigmoid_complement mulrBr mulr1. Qed.

(* law: sigmoid; powers of the quotient, of which some have no exponential above the line *)
Theorem sigmoid_of_quotient (R : realType) (a : R) (m k : nat) :
  expR a ^+ m / (1 + expR a) ^+ (m + k) = sigmoid a ^+ m * sigmoid (- a) ^+ k.
Proof.
by rewrite (sigmoid_exponentials a) /sigmoid opprK expr_div_n exprVn exprD invfM mulrA.
Qed.

(* law: exponential beside a sigmoid; powers of both *)
Theorem exponential_beside_sigmoid (R : realType) (a : R) (m k : nat) :
  sigmoid a ^+ (m + k) * expR (- a) ^+ m = sigmoid a ^+ k * sigmoid (- a) ^+ m.
Proof.
rewrite exprD mulrAC -exprMn mulrC; congr (_ * _ ^+ _).
by rewrite (sigmoid_exponentials (- a)) /sigmoid mulrC.
Qed.

(* law: exponential beside a sigmoid; in a sum *)
Theorem exponential_in_sum_beside_sigmoid (R : realType) (a b c : R) :
  (b + c * expR (- a)) * sigmoid a = b * sigmoid a + c * sigmoid (- a).
Proof.
by rewrite (sigmoid_exponentials (- a)) /sigmoid mulrDl mulrA.
Qed.

(* law: sigmoid less a number *)
Theorem sigmoid_less (R : realType) (a b : R) :
  sigmoid a - b = (1 - b) * sigmoid a - b * sigmoid (- a).
Proof. by rewrite -sigmoid_complement; ring. Qed.

(* law: tanh as a sigmoid; any multiple of 1 + tanh *)
Theorem tanh_as_sigmoid (R : realType) (c a : R) :
  c + c * tanh a = c * (2 * sigmoid (2 * a)).
Proof.
rewrite tanh_exponentials sigmoid_exponentials [1 + _]addrC.
by have := exp_more_not0 (2 * a); rewrite addrC => m0; field.
Qed.

(* law: tanh as a sigmoid; any multiple of 1 - tanh *)
Theorem tanh_as_sigmoid_minus (R : realType) (c a : R) :
  c - c * tanh a = c * (2 * sigmoid (- (2 * a))).
Proof.
by rewrite -sigmoid_complement mulrBr mulrBr -[c * (2 * sigmoid _)]tanh_as_sigmoid; ring.
Qed.

(* law: tanh as a sigmoid; the square *)
Theorem tanh_square_as_sigmoids (R : realType) (c a : R) :
  c - c * tanh a ^+ 2 = c * (2 * sigmoid (2 * a) * (2 * sigmoid (- (2 * a)))).
Proof.
have p := tanh_as_sigmoid 1 a; have m := tanh_as_sigmoid_minus 1 a; rewrite !mul1r in p m.
by rewrite -p -m; ring.
Qed.

(* law: tanh of exponentials; multiples of both sums *)
Theorem tanh_of_exponentials (R : realType) (a c d : R) :
  c * (expR a - expR (- a)) / (d * (expR a + expR (- a))) = c / d * tanh a.
Proof. by rewrite invfM /tanh mulrACA. Qed.

(* law: split off the largest; a sum of exponentials, from which one is taken off *)
Theorem split_off_exponential (R : realType) (I : finType) (a : I -> R) (l : I) :
  \sum_i expR (a i - a l) = 1 + \sum_i (1 - ⟦i == l⟧) * expR (a i - a l).
Proof. by apply: split_off; rewrite subrr expR0. Qed.

(* law: what the others have; a quotient of exponentials *)
Theorem others_of_softmax (R : realType) (I : finType) (a : I -> R) (t : R) (k : I) :
  t - t * (expR (a k) / \sum_i expR (a i)) =
  t * ((\sum_j (1 - ⟦j == k⟧) * expR (a j)) / \sum_i expR (a i)).
Proof.
have s0 : \sum_i expR (a i) != 0.
  rewrite (bigD1 k) //= gt_eqF // ltr_paddr ?expR_gt0 // sumr_ge0 // => i _.
  by rewrite ltW ?expR_gt0.
rewrite (@others_have _ _ (fun j => expR (a j) / \sum_i expR (a i))) -?mulr_suml ?divff //.
by congr (_ * _); rewrite mulr_suml; apply: eq_bigr => j _; rewrite mulrA.
Qed.

(* -- what is nearly 1 ------------------------------------------------------------------------- *)

(* law: one less than an exponential; any multiple *)
Theorem exponential_less_one (R : realType) (t a : R) : t * expR a - t = t * expm1 a.
Proof. by rewrite mulrBr mulr1. Qed.

(* law: log of one less an exponential; both forms are the log, and so is where(c, one, other) *)
Theorem log_of_one_less (R : realType) (a : R) (c : bool) :
  ln (1 - expR a) = if c then ln (- expm1 a) else log1p (- expR a).
Proof. by rewrite /log1p /expm1 opprB; case: c. Qed.

(* law: log of one less an exponential; the other way round, where a is above 0 *)
Theorem log_of_exponential_less_one (R : realType) (a : R) :
  0 < a -> ln (expR a - 1) = a + ln (1 - expR (- a)).
Proof.
move=> a0; have e0 : 0 < 1 - expR (- a) by rewrite subr_gt0 expR_lt1 oppr_lt0.
rewrite -{2}(expK a) -lnM ?posrE ?expR_gt0 // mulrBr mulr1 expRN divff ?exp_not0 //.
Qed.

(* law: exponential over one less it *)
Theorem exponential_over_one_less (R : realType) (r t a : R) :
  r * expR a / (t * expR a - t) = - (r / t / expm1 (- a)).
Proof.
rewrite exponential_less_one /expm1 expRN.
have : (expR a)^-1 - 1 = - ((expR a - 1) / expR a).
  by rewrite mulrBl divff ?exp_not0 // mul1r opprB.
by move=> ->; rewrite invrN invf_div invfM; move: (expR a - 1)^-1 (t^-1) => u v; ring.
Qed.

(* law: log of cosh; c (exp(a) + exp(-a)) with c above 0, by both forms *)
Theorem log_of_cosh (R : realType) (a c : R) (near : bool) : 0 < c ->
  ln (c * (expR a + expR (- a))) = ln (2 * c) +
    (if near then log1p (expm1 a ^+ 2 * expR (- a) / 2)
     else `|a| + log1p (expm1 (- (2 * `|a|)) / 2)).
Proof.
move=> c0; have n2 : 2 != 0 :> R by rewrite pnatr_eq0.
have half x : 0 < x -> ln (c * x) = ln (2 * c) + ln (x / 2).
  move=> x0; rewrite -lnM ?posrE ?mulr_gt0 ?invr_gt0 ?ltr0n //; congr ln; by field.
rewrite half ?addr_gt0 ?expR_gt0 //; congr (_ + _); case: near.
  rewrite /log1p /expm1 expRN; congr ln.
  by have := exp_not0 a => e0; field; rewrite ?e0 ?n2.
have abs : expR a + expR (- a) = expR `|a| + expR (- `|a|).
  by case: (ger0P a) => _ //; rewrite opprK addrC.
rewrite abs -[in X in _ = X + _](expK `|a|) /log1p -lnM ?posrE ?expR_gt0 //.
  rewrite /expm1 !expRN [expR (2 * _)](expRMm 2); congr ln.
  by have := exp_not0 `|a| => e0; field; rewrite ?e0 ?n2.
have -> : 1 + expm1 (- (2 * `|a|)) / 2 = (1 + expR (- (2 * `|a|))) / 2.
  by rewrite /expm1; field.
by rewrite mulr_gt0 ?exp_more ?invr_gt0 ?ltr0n.
Qed.
