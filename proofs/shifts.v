(* Laws that shift sums of exponentials by a number M, with M any number: the code takes the largest
   exponent of the terms that count. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.analysis Require Import constructive_ereal reals sequences exp.
From Pullback Require Import meaning rules rules_brackets rules_functions exponentials.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* law: shifted softmax; a sum of exponentials with weights of any sign *)
Theorem shift_sum (R : realType) (I : finType) (w a : I -> R) (M : R) :
  \sum_i w i * expR (a i) = expR M * (\sum_i w i * expR (a i - M)).
Proof. by rewrite -common_exponential_of_sum; under [RHS]eq_bigr do rewrite subrK. Qed.

(* law: shifted softmax; an exponential above and a sum below the line *)
Theorem shift_softmax (R : realType) (I : finType) (w a : I -> R) (v b M : R) :
  v * expR b / (\sum_i w i * expR (a i)) = v * expR (b - M) / (\sum_i w i * expR (a i - M)).
Proof.
have e0 := exp_not0 M; rewrite (shift_sum w a M) expRB invfM -!mulrA.
by congr (_ * (_ * _)); rewrite mulrC.
Qed.

(* law: shifted softmax; with M the largest no term exceeds 1, and all of them are 1 at least *)
Theorem shifted_by_largest (R : realType) n (a : 'I_n.+1 -> R) :
  (forall i, expR (a i - largest a) <= 1) /\ 1 <= \sum_i expR (a i - largest a).
Proof.
rewrite largest_at_place; split=> [i|].
  by rewrite -expR0 ler_expR subr_le0 largest_there.
rewrite (bigD1 (place_of_largest a)) //= subrr expR0 ler_addl sumr_ge0 // => i _.
by rewrite ltW ?expR_gt0.
Qed.

(* law: shifted softmax; a sum above and a sum below the line *)
Theorem shift_quotient (R : realType) (I K : finType) (w a : I -> R) (v b : K -> R) (M : R) :
  (\sum_k v k * expR (b k)) / (\sum_i w i * expR (a i)) =
  (\sum_k v k * expR (b k - M)) / (\sum_i w i * expR (a i - M)).
Proof.
rewrite (shift_sum w a M) (shift_sum v b M) invfM mulrACA divff ?exp_not0 //.
by rewrite mul1r.
Qed.

(* law: shifted softmax; sums to real powers, each with a shift of its own *)
Theorem shift_real_powers (R : realType) k (a : R) (c s s' p : 'I_k -> R) :
  (forall b, s b = expR (c b) * s' b) -> (forall b, 0 < s' b) ->
  expR a * (\prod_b power (s b) (p b)) =
  expR (a + \sum_b p b * c b) * (\prod_b power (s' b) (p b)).
Proof.
move=> sE s0; rewrite expRD exp_of_sum -mulrA -big_split; congr (_ * _); apply: eq_bigr => b _ /=.
by rewrite sE power_product ?power_of_exp // ltW ?expR_gt0.
Qed.

(* law: shifted softmax; sums of any sign to whole powers, positive ones to real powers *)
Theorem shift_mixed_powers (R : realType) k n (a : R) (c s s' : 'I_k -> R) (p : 'I_k -> int)
    (d r r' q : 'I_n -> R) :
  (forall b, s b = expR (c b) * s' b) -> (forall b, r b = expR (d b) * r' b) ->
  (forall b, 0 < r' b) ->
  expR a * (\prod_b s b ^ p b) * (\prod_b power (r b) (q b)) =
  expR (a + \sum_b (p b)%:~R * c b + \sum_b q b * d b) *
  (\prod_b s' b ^ p b) * (\prod_b power (r' b) (q b)).
Proof.
move=> sE rE r0; rewrite (common_exponential_cancels a p sE) mulrAC.
by rewrite (shift_real_powers _ q rE r0) mulrAC.
Qed.

(* law: shifted softmax; where a term does not count its exponent is -oo *)
Theorem shift_masked (R : realType) (I : finType) (c : I -> bool) (w a : I -> R) (M : R) :
  (forall i, ~~ c i -> w i = 0) ->
  \sum_i w i * expR (a i) = expR M * (\sum_i w i * exp_from (masked (c i) (a i - M))).
Proof.
move=> w0; rewrite (shift_sum w a M); congr (_ * _); apply: eq_bigr => i _.
by rewrite exp_masked; case: (boolP (c i)) => [|/w0 ->]; rewrite ?mul0r // mul1r.
Qed.

(* law: shifted softmax; conditions that are factors go into exponents *)
Theorem shift_conditions (R : realType) (I : finType) (c : I -> bool) (w a : I -> R) (M : R) :
  \sum_i ⟦c i⟧ * (w i * expR (a i)) =
  expR M * (\sum_i w i * exp_from (masked (c i) (a i - M))).
Proof.
have -> : \sum_i ⟦c i⟧ * (w i * expR (a i)) = \sum_i (⟦c i⟧ * w i) * expR (a i).
  by apply: eq_bigr => i _; rewrite mulrA.
rewrite (@shift_masked _ _ c _ _ M) => [|i /negbTE ->]; last by rewrite mul0r.
congr (_ * _); apply: eq_bigr => i _; rewrite exp_masked.
by case: (c i); rewrite ?mul1r ?mul0r ?mulr0.
Qed.

(* law: shifted softmax; where no term below counts a quotient is 0, if what is above is *)
Theorem shift_unless_empty (R : realType) (I : finType) (c : I -> bool) (w a : I -> R)
    (above shifted M : R) (p : nat) :
  (forall i, ~~ c i -> w i = 0) ->
  above = expR M ^+ p * shifted -> ((forall i, ~~ c i) -> shifted = 0) ->
  above / (\sum_i w i * expR (a i)) ^+ p =
  shifted / (if [exists i, c i] then \sum_i w i * exp_from (masked (c i) (a i - M)) else 1) ^+ p.
Proof.
move=> w0 -> empty; rewrite (shift_masked a M w0); case: ifP => [_|/existsPn none].
  have e0 : expR M ^+ p != 0 by rewrite expf_neq0 ?exp_not0.
  by rewrite exprMn invfM mulrACA divff // mul1r.
by rewrite empty // mulr0 !mul0r.
Qed.

(* law: shifted softmax; so it is where one of these conditions is a factor above *)
Theorem shift_beside_condition (R : realType) (I : finType) (c : I -> bool) (w a : I -> R)
    (v b M : R) (k : I) :
  (forall i, ~~ c i -> w i = 0) ->
  ⟦c k⟧ * (v * expR b) / (\sum_i w i * expR (a i)) =
  v * exp_from (masked (c k) (b - M)) /
  (if [exists i, c i] then \sum_i w i * exp_from (masked (c i) (a i - M)) else 1).
Proof.
move=> w0; have := @shift_unless_empty _ _ c w a (⟦c k⟧ * (v * expR b)).
move=> /(_ (v * exp_from (masked (c k) (b - M))) M 1%N); rewrite !expr1; apply=> //.
  by rewrite exp_masked expRB; have e0 := exp_not0 M; field.
by move=> /(_ k) /negbTE ck; rewrite ck mulr0.
Qed.

(* law: shifted softmax; a natural power of a sum that may have no term that counts *)
Theorem shift_power_of_masked (R : realType) (I : finType) (c : I -> bool) (w a : I -> R)
    (M : R) (p : nat) :
  (forall i, ~~ c i -> w i = 0) ->
  (\sum_i w i * expR (a i)) ^+ p.+1 =
  ⟦[exists i, c i]⟧ *
  (expR M ^+ p.+1 * (\sum_i w i * exp_from (masked (c i) (a i - M))) ^+ p.+1).
Proof.
move=> w0; rewrite -exprMn -(shift_masked a M w0).
case: existsP => [_|none]; first by rewrite mul1r.
rewrite mul0r big1 ?expr0n // => i _; rewrite w0 ?mul0r //.
by apply/negP => ci; apply: none; exists i.
Qed.

(* law: shifted log-sum-exp; for any place l whose term counts *)
Theorem shifted_log_sum_exp (R : realType) (I : finType) (c : I -> bool) (a : I -> R) (l : I) :
  c l ->
  ln (\sum_i ⟦c i⟧ * expR (a i)) =
  a l + log1p (\sum_i (1 - ⟦i == l⟧) * exp_from (masked (c i) (a i - a l))).
Proof.
move=> cl; have := shift_conditions c (fun=> 1) a (a l); under eq_bigr do rewrite mul1r.
move=> ->; under eq_bigr do rewrite mul1r.
rewrite (delta_hole l) exp_masked cl mul1r subrr expR0 lnM ?posrE ?expR_gt0 ?expK //.
apply: ltr_paddr; rewrite ?ltr01 //; apply: sumr_ge0 => i _; rewrite exp_masked mulr_ge0 //.
  by case: eqP => _; rewrite ?subrr ?subr0 ?ler01. 
by rewrite mulr_ge0 ?ler0n // ltW ?expR_gt0.
Qed.

(* law: shifted log-sum-exp; where no term counts the log is -oo, whatever is added to that *)
Theorem log_of_nothing (R : realType) (I : finType) (c : I -> bool) (w a : I -> R) (r : R) :
  (forall i, ~~ c i) ->
  log_from (\sum_i ⟦c i⟧ * (w i * expR (a i))) = (-oo + r%:E)%E.
Proof.
by move=> none; rewrite big1 => [|i _]; rewrite ?(negbTE (none i)) ?mul0r // /log_from eqxx.
Qed.

(* law: shifted softplus *)
Theorem shifted_softplus (R : realType) (a b : R) :
  ln (expR a + expR b) = Num.max a b + log1p (expR (- `|a - b|)).
Proof.
wlog ab : a b / b <= a => [hyp|].
  by case/orP: (le_total b a) => /hyp E //; rewrite addrC E maxC distrC.
rewrite max_l // ger0_norm ?subr_ge0 // opprB -{2}(expK a) -lnM ?posrE ?expR_gt0 ?exp_more //.
by rewrite mulrDr mulr1 -expRD addrCA subrr addr0.
Qed.

(* law: shifted softplus; 1 is exp(0) *)
Theorem shifted_softplus_of_one (R : realType) (a : R) :
  ln (1 + expR a) = Num.max 0 a + log1p (expR (- `|a|)).
Proof. by rewrite -{1}[1]expR0 shifted_softplus sub0r normrN. Qed.

(* law: shifted softplus; one more part, beside those whose log is known *)
Theorem shifted_softplus_of_parts (R : realType) (s b : R) :
  0 < s -> ln (s + expR b) = Num.max (ln s) b + log1p (expR (- `|ln s - b|)).
Proof. by move=> s0; rewrite -shifted_softplus lnK. Qed.

(* law: shifted softplus; a part with a condition is exp(-oo) where that does not hold *)
Theorem shifted_softplus_masked (R : realType) (c : bool) (a b : R) :
  ln (expR a + ⟦c⟧ * expR b) =
  if c then Num.max a b + log1p (expR (- `|a - b|)) else a.
Proof.
by case: c; rewrite ?mul1r ?shifted_softplus // mul0r addr0 expK.
Qed.

(* law: shifted softplus; a part is a number, an exponential and powers of sums *)
Theorem part_as_exponential (R : realType) k (n a : R) (s p : 'I_k -> R) :
  0 < n -> (forall t, 0 < s t) ->
  n * expR a * (\prod_t power (s t) (p t)) = expR (ln n + a + \sum_t p t * ln (s t)).
Proof.
move=> n0 s0; rewrite !expRD lnK // exp_of_sum; congr (_ * _); apply: eq_bigr => t _.
by rewrite power_exponential.
Qed.

(* law: log shifted by the largest; whole powers of sums exp(c) S', where there is a log *)
Theorem shifted_log (R : realType) k (rest : R) (c s s' : 'I_k -> R) (p : 'I_k -> int) :
  (forall b, s b = expR (c b) * s' b) -> 0 < rest * (\prod_b s b ^ p b) ->
  ln (rest * (\prod_b s b ^ p b)) =
  \sum_b (p b)%:~R * c b + ln (rest * (\prod_b s' b ^ p b)).
Proof.
move=> sE; have E : rest * (\prod_b s b ^ p b) =
    expR (\sum_b (p b)%:~R * c b) * (rest * (\prod_b s' b ^ p b)).
  have := common_exponential_cancels 0 p sE; rewrite expR0 mul1r add0r => ->.
  by rewrite mulrCA.
by rewrite E pmulr_rgt0 ?expR_gt0 // => r0; rewrite lnM ?posrE ?expR_gt0 // expK.
Qed.

(* law: log shifted by the largest; whole powers of any sums and real ones of positive sums *)
Theorem shifted_log_of_mixed_powers (R : realType) k n (rest : R) (c s s' : 'I_k -> R)
    (p : 'I_k -> int) (d r r' q : 'I_n -> R) :
  (forall b, s b = expR (c b) * s' b) -> (forall b, r b = expR (d b) * r' b) ->
  (forall b, 0 < r' b) -> 0 < rest * ((\prod_b s b ^ p b) * (\prod_b power (r b) (q b))) ->
  ln (rest * ((\prod_b s b ^ p b) * (\prod_b power (r b) (q b)))) =
  \sum_b (p b)%:~R * c b + \sum_b q b * d b +
  ln (rest * ((\prod_b s' b ^ p b) * (\prod_b power (r' b) (q b)))).
Proof.
move=> sE rE r0; have := shift_mixed_powers 0 p q sE rE r0.
rewrite expR0 mul1r add0r => ->; rewrite -!mulrA [rest * _]mulrCA pmulr_rgt0 ?expR_gt0 // => w0.
by rewrite [LHS]lnM ?posrE ?expR_gt0 // expK.
Qed.
