(* The laws' own examples: tests/coq_statements.py says in Coq what stands in the laws' texts. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.classical Require Import boolp functions.
From mathcomp.analysis Require Import reals topology normedtype derive realfun sequences exp.
From Pullback Require Import meaning rules rules_brackets rules_functions sums domains exponentials tails
  shifts derivatives derivatives_of_functions derivatives_off_kinks.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory numFieldNormedType.Exports.
Local Open Scope ring_scope.

(* law: powers of one base *)
Example example_powers_of_one_base (R : realType) (a : R) (p : R) :
  (0 < a) -> power a p / a = power a (p - 1) :> R.
Proof. exact: power_over_base. Qed.

(* law: distribute *)
Example example_distribute (R : realType) (J : nat) (a : 'I_J.+1 -> R) (k : 'I_J.+1) (b : R)
    (j : 'I_J.+1) :
  (b + ⟦j == k⟧) * a j = (b * a j) + (⟦j == k⟧ * a j) :> R.
Proof. by rewrite mulrDl. Qed.

(* law: sum term by term *)
Example example_sum_term_by_term (R : realType) (J : nat) (c : R) (k : 'I_J.+1) (a : 'I_J.+1 -> R)
    (b : 'I_J.+1 -> R) :
  \sum_(i1a < J.+1) ((c * ⟦i1a == k⟧ * a i1a) + b i1a) =
  (c * (\sum_(i1a < J.+1) (⟦i1a == k⟧ * a i1a))) + (\sum_(i1a < J.+1) b i1a) :> R.
Proof.
rewrite big_split -sum_constant_factor; congr (_ + _).
by apply: eq_bigr => i _; rewrite mulrA.
Qed.

(* law: factor of both cases *)
Example example_factor_of_both_cases (R : realType) (J : nat) (c : R) (k : 'I_J.+1)
    (a : 'I_J.+1 -> R) (b : R) (j : 'I_J.+1) :
  (if 0 < c then b + (⟦j == k⟧ * a j) else 0) =
  (⟦j == k⟧ * (if 0 < c then a j else 0)) + (if 0 < c then b else 0) :> R.
Proof. by case: ifP => _; rewrite ?mulr0 ?addr0 // addrC. Qed.

(* law: sum over a delta *)
Example example_sum_over_a_delta (R : realType) (K : nat) (f : 'I_K.+1 -> R) (k : 'I_K.+1) :
  \sum_(i1a < K.+1) (⟦i1a == k⟧ * f i1a) = f k :> R.
Proof. exact: delta_sum. Qed.

(* law: sum of a constant *)
Example example_sum_of_a_constant (R : realType) (N : nat) (c : R) :
  \sum_(i1a < N.+1) c = N.+1%:R * c :> R.
Proof. exact: sum_constant. Qed.

(* law: tie to a label *)
Example example_tie_to_a_label (R : realType) (J N : nat) (y : 'I_N.+1 -> 'I_J.+1)
    (f : 'I_J.+1 -> R) (a : R) (j : 'I_J.+1) (n : 'I_N.+1) :
  a + (⟦j == y n⟧ * f j) = a + (⟦j == y n⟧ * f (y n)) :> R.
Proof. by rewrite delta_substitute. Qed.

(* law: terms that cancel *)
Example example_terms_that_cancel (R : realType) (J : nat) (a : 'I_J.+1 -> R) :
  \sum_(i2a < J.+1) (a i2a - ((\sum_(i1a < J.+1) a i1a) / J.+1%:R)) = 0 :> R.
Proof. by rewrite cancel_deviations // pnatr_eq0. Qed.

(* law: common factor *)
Example example_common_factor (R : realType) (a : R) (b : R) (c : R) :
  (a * b) + (a * c) = a * (b + c) :> R.
Proof. by rewrite mulrDr. Qed.

(* law: definition *)
Example example_definition (R : realType) (J : nat) (z : 'I_J.+1 -> R) (p : 'I_J.+1 -> R)
    (k : 'I_J.+1) :
  (forall j, p j = expR (z j) / (\sum_(i1a < J.+1) expR (z i1a))) -> ln (p k) =
  ln (expR (z k) / (\sum_(i1a < J.+1) expR (z i1a))) :> R.
Proof. exact: (name_put_in (@ln R)). Qed.

(* law: fold *)
Example example_fold (R : realType) (J : nat) (z : 'I_J.+1 -> R) (a : 'I_J.+1 -> R)
    (p : 'I_J.+1 -> R) (k : 'I_J.+1) :
  (forall j, p j = expR (z j) / (\sum_(i1a < J.+1) expR (z i1a))) ->
  expR (z k) * a k / (\sum_(i1a < J.+1) expR (z i1a)) = a k * p k :> R.
Proof. by move=> E; rewrite [a k * _]mulrC E mulrAC. Qed.

(* law: assumption *)
Example example_assumption (R : realType) (J : nat) (a : R) (t : 'I_J.+1 -> R) :
  (\sum_(i1a < J.+1) t i1a = 1) -> a * (\sum_(i1a < J.+1) t i1a) = a :> R.
Proof. by move=> ->; rewrite mulr1. Qed.

(* law: declared domain *)
Example example_declared_domain (R : realType) (N : nat) (x : 'I_N.+1 -> R) (n : 'I_N.+1) :
  (forall n, 0 < x n) -> `|x n| = x n :> R.
Proof. by move=> x0; exact: abs_of_positive. Qed.

(* law: mask from the output *)
Example example_mask_from_the_output (R : realType) (N : nat) (u : 'I_N.+1 -> R) (h : 'I_N.+1 -> R)
    (n : 'I_N.+1) :
  (forall n, h n = Num.max 0 (u n)) -> ⟦0 < u n⟧ = ⟦h n != 0⟧ :> R.
Proof. exact: mask_of_output. Qed.

(* law: shifted softmax *)
Example example_shifted_softmax (R : realType) (J : nat) (a : 'I_J.+1 -> R) (j : 'I_J.+1)
    (l : 'I_J.+1) :
  expR (a j) / (\sum_(i1a < J.+1) expR (a i1a)) =
  expR (a j - a l) / (\sum_(i1a < J.+1) expR (a i1a - a l)) :> R.
Proof.
have := shift_softmax (fun=> 1) a 1 (a j) (a l); rewrite !mul1r.
by under eq_bigr do rewrite mul1r; under [in X in _ = X -> _]eq_bigr do rewrite mul1r.
Qed.

(* law: exponential into quotients *)
Example example_exponential_into_quotients (R : realType) (I N : nat) (b : R) (x : 'I_N.+1 -> R)
    (a : 'I_I.+1 -> R) :
  expR b * (\sum_(i2a < N.+1) 1 / (\sum_(i1a < I.+1) (expR (a i1a) * x i2a))) =
  \sum_(i2a < N.+1) (expR b / (\sum_(i1a < I.+1) (expR (a i1a) * x i2a))) :> R.
Proof. by rewrite exponential_into_quotients; apply: eq_bigr => i _; rewrite mulr1. Qed.

(* law: product of exponentials *)
Example example_product_of_exponentials (R : realType) (a : R) (b : R) (c : R) :
  (c + expR (b - a)) * expR a = (c * expR a) + expR b :> R.
Proof. by rewrite mulrDl -expRD subrK. Qed.

(* law: common exponential *)
Example example_common_exponential (R : realType) (J : nat) (a : 'I_J.+1 -> R) (c : R)
    (j : 'I_J.+1) :
  expR (a j - c) / (\sum_(i1a < J.+1) expR (a i1a - c)) =
  expR (a j) / (\sum_(i1a < J.+1) expR (a i1a)) :> R.
Proof.
under eq_bigr do rewrite expRB; rewrite -mulr_suml expRB -mulf_div.
by rewrite divff ?mulr1 // invr_eq0 exp_not0.
Qed.

(* law: log of a quotient *)
Example example_log_of_a_quotient (R : realType) (a : R) (b : R) :
  ln (expR a / (expR b + 1)) = a - ln (expR b + 1) :> R.
Proof. by rewrite ln_div ?expK // posrE ?expR_gt0 // addrC exp_more. Qed.

(* law: log of a sigmoid *)
Example example_log_of_a_sigmoid (R : realType) (a : R) :
  ln (sigmoid a) = - ln (1 + expR (- a)) :> R.
Proof. exact: log_of_sigmoid. Qed.

(* law: sigmoid *)
Example example_sigmoid (R : realType) (a : R) :
  expR a / (expR a + 1) = sigmoid a :> R.
Proof. by rewrite sigmoid_exponentials addrC. Qed.

(* law: scaled error function *)
Example example_scaled_error_function (R : realType) (b : R) (a : R) (erf : R -> R) :
  b * expR (- a ^+ 2) / erfc erf a = b / erfcx erf a :> R.
Proof. exact: scaled_erfc. Qed.

(* law: log of the error function *)
Example example_log_of_the_error_function (R : realType) (a : R) (erf : R -> R) :
  (forall x, erf x < 1) -> ln (erfc erf a) = if 1 / 2 < a then ln (erfcx erf a) - a ^+ 2
  else log1p (- erf a) :> R.
Proof. by move=> below; apply: log_of_erfc. Qed.

(* law: mean of the deviations *)
Example example_mean_of_the_deviations (R : realType) (K : nat) (a : 'I_K.+1 -> R) (m : R)
    (k : 'I_K.+1) :
  (m = (\sum_(i1a < K.+1) a i1a) / K.+1%:R) -> a k - m =
  a k - m - ((\sum_(i1a < K.+1) (a i1a - m)) / K.+1%:R) :> R.
Proof. by apply: mean_of_deviations; rewrite pnatr_eq0. Qed.

(* law: one less than an exponential *)
Example example_one_less_than_an_exponential (R : realType) (b : R) (a : R) :
  b * (1 - expR a) = - (b * expm1 a) :> R.
Proof. by rewrite -mulrN /expm1 opprB. Qed.

(* law: log of one less an exponential *)
Example example_log_of_one_less_an_exponential (R : realType) (a : R) :
  ln (1 - expR a) = if - (7 / 10) < a then ln (- expm1 a) else log1p (- expR a) :> R.
Proof. exact: log_of_one_less. Qed.

(* law: exponential over one less it *)
Example example_exponential_over_one_less_it (R : realType) (b : R) (a : R) :
  b * expR a / (1 - expR a) = b / expm1 (- a) :> R.
Proof.
have := exponential_over_one_less b (-1) a; rewrite !mulN1r opprK [- _ + 1]addrC => ->.
by rewrite invrN invr1 mulrN1 mulNr opprK.
Qed.

(* law: tanh of exponentials *)
Example example_tanh_of_exponentials (R : realType) (b : R) (a : R) :
  b * (expR a - expR (- a)) / (expR a + expR (- a)) = b * tanh a :> R.
Proof. by have := tanh_of_exponentials a b 1; rewrite mul1r divr1. Qed.

(* law: log of cosh *)
Example example_log_of_cosh (R : realType) (a : R) :
  ln ((expR a / 2) + (expR (- a) / 2)) = if `|a| < 1 then log1p (expR (- a) * (expm1 a) ^+ 2 / 2)
  else `|a| + log1p (expm1 (- (2 * `|a|)) / 2) :> R.
Proof.
rewrite -mulrDl mulrC (@log_of_cosh _ a _ (`|a| < 1)) ?invr_gt0 ?ltr0n //.
by rewrite divff ?pnatr_eq0 // ln1 add0r [expm1 a ^+ 2 * _]mulrC.
Qed.

(* law: what the others have *)
Example example_what_the_others_have (R : realType) (K : nat) (a : 'I_K.+1 -> R) (k : 'I_K.+1) :
  1 - (expR (a k) / (\sum_(i1a < K.+1) expR (a i1a))) =
  (\sum_(i1a < K.+1) ((1 - ⟦i1a == k⟧) * expR (a i1a))) / (\sum_(i1a < K.+1) expR (a i1a)) :> R.
Proof. by have := others_of_softmax a 1 k; rewrite !mul1r. Qed.

(* law: difference from a label *)
Example example_difference_from_a_label (R : realType) (K : nat) (b : R) (p : 'I_K.+1 -> R)
    (y : 'I_K.+1) (k : 'I_K.+1) :
  (\sum_(i1a < K.+1) p i1a = 1) -> (b * p k) - (b * ⟦k == y⟧) = b * (p k - ⟦k == y⟧) :> R.
Proof. by move=> _; apply: difference_from_label. Qed.

(* law: complementary error function *)
Example example_complementary_error_function (R : realType) (a : R) (erf : R -> R) :
  (forall x, erf (- x) = - erf x) -> erf a + 1 = erfc erf (- a) :> R.
Proof. by move=> odd; have := erf_more 1 a odd; rewrite !mul1r addrC. Qed.

(* law: split off the largest *)
Example example_split_off_the_largest (R : realType) (L : nat) (a : 'I_L.+1 -> R)
    (s : 'I_L.+1 -> R) (l : 'I_L.+1) :
  (forall l, s l = \sum_(i1a < L.+1) ((1 - ⟦i1a == l⟧) * expR (a i1a - a l))) ->
  \sum_(i1a < L.+1) expR (a i1a - a l) = s l + 1 :> R.
Proof. by move=> ->; rewrite split_off_exponential addrC. Qed.

(* law: minus the others *)
Example example_minus_the_others (R : realType) (K : nat) (p : 'I_K.+1 -> R) (y : 'I_K.+1)
    (k : 'I_K.+1) :
  (\sum_(i1a < K.+1) p i1a = 1) -> p k - ⟦k == y⟧ =
  ((1 - ⟦k == y⟧) * p k) - (⟦k == y⟧ * (\sum_(i1a < K.+1) ((1 - ⟦i1a == y⟧) * p i1a))) :> R.
Proof. exact: minus_the_others. Qed.

(* law: shifted log-sum-exp *)
Example example_shifted_log_sum_exp (R : realType) (L : nat) (a : 'I_L.+1 -> R) (l : 'I_L.+1) :
  ln (\sum_(i1a < L.+1) expR (a i1a)) =
  log1p (\sum_(i1a < L.+1) ((1 - ⟦i1a == l⟧) * expR (a i1a - a l))) + a l :> R.
Proof.
have := @shifted_log_sum_exp _ _ (fun=> true) a l isT; rewrite addrC.
under eq_bigr do rewrite mul1r; move=> ->; congr (_ + _).
Qed.

(* law: shifted softplus *)
Example example_shifted_softplus (R : realType) (a : R) :
  ln (expR a + 1) = Num.max 0 a + log1p (expR (- `|a|)) :> R.
Proof. by rewrite addrC shifted_softplus_of_one. Qed.

(* law: log shifted by the largest *)
Example example_log_shifted_by_the_largest (R : realType) (a : R) (b : R) :
  ln ((2 * expR a) + (3 * expR b)) =
  ln ((2 * expR (a - Num.max a b)) + (3 * expR (b - Num.max a b))) + Num.max a b :> R.
Proof.
have := @common_exponential_of_log R _ (fun i => if i then 2 else 3)
  (fun i => if i then a else b) (Num.max a b).
rewrite !big_bool /= [RHS]addrC; apply.
by rewrite addr_gt0 // mulr_gt0 ?expR_gt0 ?ltr0n.
Qed.

(* law: tanh as a sigmoid *)
Example example_tanh_as_a_sigmoid (R : realType) (N : nat) (u : 'I_N.+1 -> R) (t : 'I_N.+1 -> R)
    (n : 'I_N.+1) :
  (forall n, t n = tanh (u n)) -> t n + 1 = 2 * sigmoid (2 * u n) :> R.
Proof. by move=> ->; have := tanh_as_sigmoid 1 (u n); rewrite !mul1r addrC. Qed.

(* law: complement of a sigmoid *)
Example example_complement_of_a_sigmoid (R : realType) (N : nat) (u : 'I_N.+1 -> R)
    (s : 'I_N.+1 -> R) (n : 'I_N.+1) :
  (forall n, s n = sigmoid (u n)) -> (1 - s n) * s n = sigmoid (- u n) * sigmoid (u n) :> R.
Proof. by move=> ->; rewrite sigmoid_complement. Qed.

(* law: exponential beside a sigmoid *)
Example example_exponential_beside_a_sigmoid (R : realType) (N : nat) (u : 'I_N.+1 -> R)
    (s : 'I_N.+1 -> R) (n : 'I_N.+1) :
  (forall n, s n = sigmoid (u n)) -> expR (- u n) * s n = sigmoid (- u n) :> R.
Proof.
move=> ->; have := exponential_beside_sigmoid (u n) 1 0.
by rewrite !expr1 expr0 mul1r mulrC.
Qed.

(* law: sigmoid less a number *)
Example example_sigmoid_less_a_number (R : realType) (N : nat) (z : 'I_N.+1 -> R)
    (t : 'I_N.+1 -> R) (p : 'I_N.+1 -> R) (n : 'I_N.+1) :
  (forall n, p n = sigmoid (z n)) -> p n - t n =
  ((1 - t n) * sigmoid (z n)) - (sigmoid (- z n) * t n) :> R.
Proof. by move=> ->; rewrite [sigmoid (- _) * _]mulrC -sigmoid_less. Qed.

(* law: weights as exponentials *)
Example example_weights_as_exponentials (R : realType) (a : R) (c : R) :
  ln (expR c + sigmoid a) = ln (expR c + expR (logsigmoid a)) :> R.
Proof. by rewrite -weight_sigmoid. Qed.

(* law: log of a sigmoid in an exponent *)
Example example_log_of_a_sigmoid_in_an_exponent (R : realType) (a : R) :
  logsigmoid a = Num.min a 0 - log1p (expR (- `|a|)) :> R.
Proof. exact: logsigmoid_stable. Qed.

(* law: entries that add up to nothing *)
Example example_entries_that_add_up_to_nothing (R : realType) (K : nat) (p : 'I_K.+1 -> R)
    (t : 'I_K.+1 -> R) (k : 'I_K.+1) (l : 'I_K.+1) :
  (\sum_(i1a < K.+1) p i1a = 1) -> (\sum_(i1a < K.+1) t i1a = 1) -> p k - t k =
  ((1 - ⟦k == l⟧) * (p k - t k))
  - (⟦k == l⟧ * (\sum_(i1a < K.+1) ((1 - ⟦i1a == l⟧) * (p i1a - t i1a)))) :> R.
Proof.
move=> p1 t1; have := nothing_in_all 1 k l (nothing_between_shares p1 t1).
by rewrite !mul1r.
Qed.

(* law: as matrices *)
Example example_as_matrices (R : realType) (K : nat) (c : R) (a : 'I_K.+1 -> R)
    (b : 'I_K.+1 -> R) :
  \sum_(i1a < K.+1) (c * a i1a * b i1a) = c * (\sum_(i1a < K.+1) (a i1a * b i1a)) :> R.
Proof.
rewrite -sum_constant_factor.
by apply: eq_bigr => i _; rewrite mulrA.
Qed.

(* law: sum rule *)
Example example_sum_rule (R : realType) (M : nat) (c : R) (x : 'I_M.+1 -> R) (d : R) (m : 'I_M.+1)
    (n : 'I_M.+1) (d1 : 'I_M.+1 -> R) (d2 : R) :
  (forall i1a, partial (fun x => x i1a) x m (d1 i1a)) -> (partial (fun x => x n) x m d2) ->
  partial (fun x => (c * x n) + d + (\sum_(i1a < M.+1) x i1a)) x m
    ((c * d2) + (\sum_(i1a < M.+1) d1 i1a)).
Proof.
move=> D1 D2; have P := partial_product (partial_constant x m c) D2.
have Q := partial_add (partial_add P (partial_constant x m d)) (partial_sum D1).
by apply: (derivative_is Q); rewrite mul0r add0r addr0.
Qed.

(* law: product rule *)
Example example_product_rule (R : realType) (M : nat) (x : 'I_M.+1 -> R) (m : 'I_M.+1)
    (n : 'I_M.+1) (d1 : R) (d2 : R) :
  (partial (fun x => expR (x n)) x m d1) -> (partial (fun x => x n) x m d2) ->
  partial (fun x => expR (x n) * x n) x m ((d1 * x n) + (d2 * expR (x n))).
Proof.
by move=> D1 D2; apply: (derivative_is (partial_product D1 D2)); rewrite [expR _ * _]mulrC.
Qed.

(* law: quotient rule *)
Example example_quotient_rule (R : realType) (K : nat) (x : 'I_K.+1 -> R) (k : 'I_K.+1)
    (m : 'I_K.+1) (n : 'I_K.+1) (d1 : R) (d2 : R) :
  (x k != 0) -> (partial (fun x => x k) x m d1) -> (partial (fun x => x n) x m d2) ->
  partial (fun x => x n / x k) x m ((d2 / x k) - (d1 * x n / (x k) ^+ 2)).
Proof.
by move=> k0 D1 D2; apply: (derivative_is (partial_quotient k0 D2 D1)); field.
Qed.

(* law: power rule *)
Example example_power_rule (R : realType) (M : nat) (x : 'I_M.+1 -> R) (m : 'I_M.+1) (n : 'I_M.+1)
    (d1 : R) :
  (partial (fun x => x n) x m d1) -> partial (fun x => (x n) ^+ 3) x m (3 * d1 * (x n) ^+ 2).
Proof.
move=> D; apply: (derivative_is (partial_chain (derive_natural_power 2 (x n)) D)).
by rewrite mulrAC.
Qed.

(* law: chain rule *)
Example example_chain_rule (R : realType) (M : nat) (x : 'I_M.+1 -> R) (m : 'I_M.+1) (n : 'I_M.+1)
    (d1 : R) :
  (partial (fun x => x n) x m d1) ->
  partial (fun x => expR (tanh (x n))) x m (d1 * (1 - (tanh (x n)) ^+ 2) * expR (tanh (x n))).
Proof.
move=> D; have P := partial_chain (derive_exp _) (partial_chain (derive_tanh _) D).
by apply: (derivative_is P); rewrite mulrC [_ * d1]mulrC.
Qed.

(* law: slope by cases *)
Example example_slope_by_cases (R : realType) (M : nat) (x : 'I_M.+1 -> R) (m : 'I_M.+1)
    (n : 'I_M.+1) (d1 : R) :
  (x n != 0) -> (partial (fun x => x n) x m d1) ->
  partial (fun x => Num.max 0 (x n)) x m (d1 * ⟦0 < x n⟧).
Proof.
move=> n0 D; have zero : 0 != x n by rewrite eq_sym.
have P := partial_max zero (partial_constant x m 0) D.
by apply: (derivative_is P); rewrite mulr0 add0r mulrC.
Qed.

(* law: entry by an entry *)
Example example_entry_by_an_entry (R : realType) (M : nat) (x : 'I_M.+1 -> R) (m : 'I_M.+1)
    (n : 'I_M.+1) : partial (fun x => x n) x m ⟦m == n⟧.
Proof. by rewrite eq_sym; apply: partial_entry. Qed.

(* law: rows apart *)
Example example_rows_apart (R : realType) (N : nat) (a : R) (f : 'I_N.+1 -> R) (g : 'I_N.+1 -> R)
    (b : R) :
  (a * (\sum_(i1a < N.+1) f i1a)) + b - (\sum_(i1a < N.+1) g i1a) =
  b + (\sum_(i1a < N.+1) ((a * f i1a) - g i1a)) :> R.
Proof. by rewrite sumrB -mulr_sumr addrCA addrA. Qed.

(* law: parts of a sum *)
Example example_parts_of_a_sum (R : realType) (N P : nat) (f : 'I_N.+1 -> R)
    (q : 'I_N.+1 -> 'I_P.+1) :
  \sum_(i1a < N.+1) f i1a = \sum_(i1a < P.+1) \sum_(i1b < N.+1) (⟦i1a == q i1b⟧ * f i1b) :> R.
Proof. exact: sum_in_parts. Qed.
