(* The rules of the normal form for signs of products, powers and sums, and for orders of places. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From Pullback Require Import meaning rules rules_brackets.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* -- of products and powers ------------------------------------------------------------------- *)

(* rule: a product is above 0 where both factors are, or neither is and none is 0 *)
Theorem sign_of_product (R : realDomainType) (x y : R) :
  ⟦0 < x * y⟧ = ⟦0 < x⟧ * ⟦0 < y⟧ + ⟦0 < - x⟧ * ⟦0 < - y⟧ :> R.
Proof.
rewrite !oppr_gt0; case: (ltrgtP x 0) => [x0|x0|->]; last by rewrite !mul0r ltxx addr0.
  by rewrite nmulr_rgt0 // mul0r add0r mul1r.
by rewrite pmulr_rgt0 // mul0r addr0 mul1r.
Qed.

(* rule: an even power is above 0 where its base is not 0 *)
Theorem sign_of_even_power (R : realDomainType) (x : R) k :
  ⟦0 < x ^+ (2 * k.+1)⟧ = ⟦0 < x⟧ + ⟦0 < - x⟧ :> R.
Proof.
rewrite exprn_even_gt0 ?mul2n ?odd_double // oppr_gt0 double_eq0 /=.
by case: ltrgtP; rewrite ?addr0 ?add0r.
Qed.

(* rule: an odd power has the sign of its base *)
Theorem sign_of_odd_power (R : realDomainType) (x : R) k :
  ⟦0 < x ^+ (2 * k).+1⟧ = ⟦0 < x⟧ :> R.
Proof. by rewrite exprn_odd_gt0 //= mul2n odd_double. Qed.

(* rule: what stands below the line has the sign of what it is one over *)
Theorem sign_of_inverse (R : realFieldType) (x : R) : ⟦0 < x^-1⟧ = ⟦0 < x⟧ :> R.
Proof. by rewrite invr_gt0. Qed.

(* rule: beside a number it is below 0 where it is not above 0 *)
Theorem sign_turned (R : realDomainType) (x : R) : ⟦0 < - x⟧ * x = x - ⟦0 < x⟧ * x.
Proof.
by rewrite oppr_gt0; case: (ltrgtP x 0) => [||->]; rewrite ?mul1r ?mul0r ?subr0 ?subrr.
Qed.

(* -- of sums ---------------------------------------------------------------------------------- *)

(* rule: a sum of what is not below 0 is not below 0 *)
Theorem sum_not_negative (R : numDomainType) (I : finType) (f : I -> R) :
  (forall i, 0 <= f i) -> 0 <= \sum_i f i.
Proof. by move=> f0; apply: sumr_ge0 => i _. Qed.

(* rule: it is above 0 where one of its terms is *)
Theorem sum_positive (R : numDomainType) (I : finType) (f : I -> R) (k : I) :
  (forall i, 0 <= f i) -> 0 < f k -> 0 < \sum_i f i.
Proof.
move=> f0 fk; rewrite (bigD1 k) //=; apply: ltr_paddr fk.
by apply: sumr_ge0 => i _.
Qed.

(* rule: a sum of what is not below 0 is no less than any of its parts *)
Theorem sum_above_part (R : numDomainType) (I : finType) (c : I -> bool) (f : I -> R) :
  (forall i, 0 <= f i) -> \sum_i ⟦c i⟧ * f i <= \sum_i f i.
Proof.
by move=> f0; apply: ler_sum => i _; case: (c i); rewrite ?mul1r ?mul0r.
Qed.

(* rule: two squares make up for twice the product *)
Theorem squares_above_product (R : realDomainType) (a b : R) :
  `|2 * a * b| <= a ^+ 2 + b ^+ 2.
Proof.
have sq (x y : R) : 0 <= (x + y) ^+ 2 by apply: sqr_ge0.
rewrite ler_norml; apply/andP; split; rewrite -subr_ge0.
  by have := sq a b; rewrite sqrrD; congr (_ <= _); ring.
by have := sq a (- b); rewrite sqrrD; congr (_ <= _); ring.
Qed.

(* rule: a sum with brackets that is not 0 has a place where the condition holds *)
Theorem some_place_left (R : ringType) (I : finType) (c : I -> bool) (f : I -> R) :
  \sum_i ⟦c i⟧ * f i != 0 -> exists i, c i.
Proof.
move=> s0; apply/existsP; apply: contraR s0 => /existsPn none.
by apply/eqP; apply: big1 => i _; rewrite (negbTE (none i)) mul0r.
Qed.

(* -- of places -------------------------------------------------------------------------------- *)

(* rule: of two places one is before the other, or they are one *)
Theorem places_trichotomy (R : ringType) n (i j : 'I_n) :
  ⟦(i < j)%N⟧ + ⟦i == j⟧ + ⟦(j < i)%N⟧ = 1 :> R.
Proof. by rewrite -val_eqE /=; case: ltngtP; rewrite ?addr0 ?add0r. Qed.

(* rule: two places are not each before the other *)
Theorem places_opposite (R : ringType) n (i j : 'I_n) :
  ⟦(i < j)%N⟧ * ⟦(j < i)%N⟧ = 0 :> R.
Proof. by case: ltngtP; rewrite ?mul0r ?mulr0. Qed.

(* rule: a number is the sum of its shares over an axis *)
Theorem constant_as_sum (R : numFieldType) n (c : R) : c = \sum_(i < n.+1) c / n.+1%:R.
Proof. by rewrite sum_constant mulrC divfK ?pnatr_eq0. Qed.

(* rule: a function of a choice by a bracket is a choice of its values *)
Theorem function_of_choice (R S : ringType) (f : R -> S) (c : bool) (u v : R) :
  f (⟦c⟧ * u + (1 - ⟦c⟧) * v) = ⟦c⟧ * f u + (1 - ⟦c⟧) * f v.
Proof. by case: c; rewrite ?subrr ?subr0 !mul1r !mul0r ?addr0 ?add0r. Qed.

(* rule: a function of what is equal is equal *)
Theorem function_of_equal (R S : ringType) (f : R -> S) (u v : R) : u - v = 0 -> f u = f v.
Proof. by move/eqP; rewrite subr_eq0 => /eqP ->. Qed.
