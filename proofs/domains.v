(* The law that uses where inputs are declared to lie: what kinks, conditions and powers are there. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum order.
From mathcomp.classical Require Import boolp.
From mathcomp.analysis Require Import reals sequences exp.
From Pullback Require Import meaning rules rules_functions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* law: declared domain; an absolute value, and a sign, of what is above 0 or below *)
Theorem abs_of_positive (R : realDomainType) (v : R) : 0 < v -> `|v| = v.
Proof. exact: gtr0_norm. Qed.

(* law: declared domain *)
Theorem abs_of_negative (R : realDomainType) (v : R) : v < 0 -> `|v| = - v.
Proof. exact: ltr0_norm. Qed.

(* law: declared domain *)
Theorem sign_of_positive (R : realDomainType) (v : R) : 0 < v -> Num.sg v = 1.
Proof. exact: gtr0_sg. Qed.

(* law: declared domain *)
Theorem sign_of_negative (R : realDomainType) (v : R) : v < 0 -> Num.sg v = -1.
Proof. exact: ltr0_sg. Qed.

(* law: declared domain; of two values the larger and the smaller, where it is known which *)
Theorem max_of_larger (R : realDomainType) (a b : R) : 0 < a - b -> Num.max a b = a.
Proof. by rewrite subr_gt0 => /ltW /max_l. Qed.

(* law: declared domain *)
Theorem min_of_larger (R : realDomainType) (a b : R) : 0 < a - b -> Num.min a b = b.
Proof. by rewrite subr_gt0 => /ltW /min_r. Qed.

(* law: declared domain; a condition that holds, or does not *)
Theorem bracket_that_holds (R : ringType) (c : bool) : c -> ⟦c⟧ = 1 :> R.
Proof. by move=> ->. Qed.

(* law: declared domain *)
Theorem bracket_that_fails (R : ringType) (c : bool) : ~~ c -> ⟦c⟧ = 0 :> R.
Proof. by move=> /negbTE ->. Qed.

(* law: declared domain; a power of a power of what is above 0 *)
Theorem power_of_real_power (R : realType) (a p q : R) :
  0 < a -> power (power a p) q = power a (p * q).
Proof.
move=> a0; have p0 := power_positive p a0.
rewrite {1 3}/power !gt_eqF // log_power //; congr expR.
by rewrite mulrA; congr (_ * _); rewrite mulrC.
Qed.
