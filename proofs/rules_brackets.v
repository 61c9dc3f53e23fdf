(* The rules of the normal form for brackets, and for extreme values over an axis. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.classical Require Import mathcomp_extra.
From Pullback Require Import meaning rules.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* -- brackets: 1 where a condition holds, else 0 ---------------------------------------------- *)

(* rule: a power of one bracket is the bracket *)
Theorem bracket_power (R : ringType) (c : bool) p : ⟦c⟧ ^+ p.+1 = ⟦c⟧ :> R.
Proof. by case: c; rewrite ?expr1n // expr0n. Qed.

(* rule: a bracket and its complement make 1 *)
Theorem bracket_complement (R : ringType) (c : bool) : ⟦c⟧ + ⟦~~ c⟧ = 1 :> R.
Proof. by case: c; rewrite ?addr0 ?add0r. Qed.

(* rule: a product of brackets is the bracket of both *)
Theorem bracket_product (R : ringType) (b c : bool) : ⟦b⟧ * ⟦c⟧ = ⟦b && c⟧ :> R.
Proof. by case: b; rewrite ?mul1r ?mul0r. Qed.

(* rule: a product of exclusive brackets is 0 *)
Theorem bracket_exclusive (R : ringType) (b c : bool) : ~~ (b && c) -> ⟦b⟧ * ⟦c⟧ = 0 :> R.
Proof. by rewrite bracket_product => /negbTE ->. Qed.

(* rule: a product of brackets of which one follows from the other is the narrower *)
Theorem bracket_implied (R : ringType) (b c : bool) : (b -> c) -> ⟦b⟧ * ⟦c⟧ = ⟦b⟧ :> R.
Proof. by case: b => [->|_] //; rewrite ?mul1r ?mul0r. Qed.

(* rule: a choice by brackets *)
Theorem bracket_where (R : ringType) (c : bool) (a b : R) :
  (if c then a else b) = ⟦c⟧ * a + (1 - ⟦c⟧) * b.
Proof. by case: c; rewrite ?subrr ?subr0 ?mul1r ?mul0r ?addr0 ?add0r. Qed.

(* rule: beside a bracket its condition holds *)
Theorem bracket_beside (R : ringType) (c : bool) (a b : R) :
  (c -> a = b) -> ⟦c⟧ * a = ⟦c⟧ * b.
Proof. by case: c => [->|] //; rewrite !mul0r. Qed.

(* rule: a number is above 0, or 0, or below 0 *)
Theorem bracket_trichotomy (R : realDomainType) (v : R) :
  ⟦0 < v⟧ + ⟦v == 0⟧ + ⟦0 < - v⟧ = 1 :> R.
Proof. by rewrite oppr_gt0; case: (ltrgtP v 0); rewrite ?addr0 ?add0r. Qed.

(* rule: a number is not above 0 and below 0 at once *)
Theorem bracket_opposite (R : realDomainType) (v : R) :
  ⟦0 < v⟧ * ⟦0 < - v⟧ = 0 :> R.
Proof. by apply: bracket_exclusive; rewrite oppr_gt0; case: ltrgtP. Qed.

(* rule: weak comparisons by strict ones *)
Theorem bracket_weak (R : realDomainType) (v : R) :
  ⟦0 <= v⟧ = ⟦0 < v⟧ + ⟦v == 0⟧ :> R.
Proof. by case: (ltrgtP v 0); rewrite ?addr0 ?add0r. Qed.

(* rule: a weak comparison is the complement of a strict one *)
Theorem bracket_weak_complement (R : realDomainType) (v : R) : ⟦0 <= v⟧ = 1 - ⟦0 < - v⟧ :> R.
Proof. by rewrite oppr_gt0; case: (ltrgtP v 0); rewrite ?subrr ?subr0. Qed.

(* rule: equality with 0 by comparisons *)
Theorem bracket_zero (R : realDomainType) (v : R) :
  ⟦v == 0⟧ = 1 - ⟦0 < v⟧ - ⟦0 < - v⟧ :> R.
Proof. by rewrite oppr_gt0; case: (ltrgtP v 0); rewrite ?subr0 ?subrr ?sub0r. Qed.

(* rule: a weak comparison of places is the complement of a strict one *)
Theorem bracket_of_places (R : ringType) n (i j : 'I_n) :
  ⟦(i <= j)%N⟧ = 1 - ⟦(j < i)%N⟧ :> R.
Proof. by case: leqP; rewrite ?subr0 ?subrr. Qed.

(* rule: what holds in each case of a sign holds *)
Theorem cases_of_sign (R : realDomainType) (v : R) (P : Prop) :
  (0 < v -> P) -> (v = 0 -> P) -> (0 < - v -> P) -> P.
Proof. by rewrite oppr_gt0; case: (ltrgtP v 0) => v0 Pp Pz Pn; [apply: Pn|apply: Pp|apply: Pz]. Qed.

(* rule: a comparison is one of the difference with 0 *)
Theorem bracket_difference (R : realDomainType) (a b : R) :
  (⟦a < b⟧ = ⟦0 < b - a⟧ :> R) * (⟦a == b⟧ = ⟦b - a == 0⟧ :> R).
Proof. by rewrite subr_gt0 subr_eq0 [b == a]eq_sym. Qed.

(* rule: a positive factor does not change a bracket *)
Theorem bracket_scale (R : realDomainType) (c v : R) :
  0 < c -> ⟦0 < c * v⟧ = ⟦0 < v⟧ :> R.
Proof. by move=> c0; rewrite pmulr_rgt0. Qed.

(* rule: a bracket that is a factor of what is compared is one of the bracket *)
Theorem bracket_scale_bracket (R : realDomainType) (c : bool) (v : R) :
  ⟦0 < ⟦c⟧ * v⟧ = ⟦c⟧ * ⟦0 < v⟧ :> R.
Proof. by case: c; rewrite ?mul1r // !mul0r ltxx. Qed.

(* rule: a whole power, but for the 0th, of a product with a bracket *)
Theorem bracket_in_power (F : fieldType) (c : bool) (x : F) (p : int) :
  p != 0 -> (⟦c⟧ * x) ^ p = ⟦c⟧ * x ^ p.
Proof. by move=> p0; case: c; rewrite ?mul1r // !mul0r exp0rz (negbTE p0). Qed.

(* rule: a factor that is not 0 does not change a bracket of equality with 0 *)
Theorem bracket_scale_zero (R : idomainType) (c v : R) :
  c != 0 -> ⟦c * v == 0⟧ = ⟦v == 0⟧ :> R.
Proof. by move=> /negbTE c0; rewrite mulf_eq0 c0. Qed.

(* rule: the larger of two by a bracket *)
Theorem bracket_max (R : realDomainType) (a b : R) :
  Num.max a b = b + ⟦0 < a - b⟧ * (a - b).
Proof. by rewrite subr_gt0; case: ltP => _; rewrite ?mul1r ?mul0r ?addr0 // addrC subrK. Qed.

(* rule: the larger of two is a choice, whichever wins a tie *)
Theorem max_chosen (R : realDomainType) (a b : R) :
  (Num.max a b = if b < a then a else b) * (Num.max a b = if b <= a then a else b).
Proof. by split; rewrite maxC; case: (ltrgtP b a) => [||->]. Qed.

(* rule: the smaller of two is a choice, whichever wins a tie *)
Theorem min_chosen (R : realDomainType) (a b : R) :
  (Num.min a b = if a < b then a else b) * (Num.min a b = if a <= b then a else b).
Proof. by split; case: (ltrgtP a b) => [||->]. Qed.

(* rule: the smaller of two by a bracket *)
Theorem bracket_min (R : realDomainType) (a b : R) :
  Num.min a b = b - ⟦0 < b - a⟧ * (b - a).
Proof. by rewrite subr_gt0; case: ltP => _; rewrite ?mul1r ?mul0r ?subr0 // opprB addrC subrK. Qed.

(* rule: |v| by brackets *)
Theorem bracket_abs (R : realDomainType) (v : R) :
  `|v| = ⟦0 < v⟧ * v - ⟦0 < - v⟧ * v.
Proof.
rewrite oppr_gt0; case: (ltrgtP v 0) => [v0|v0|->]; rewrite ?normr0 ?mul1r ?mul0r ?subr0 ?sub0r //.
  by rewrite ltr0_norm.
by rewrite gtr0_norm.
Qed.

(* rule: the sign by brackets *)
Theorem bracket_sign (R : realDomainType) (v : R) :
  Num.sg v = ⟦0 < v⟧ - ⟦0 < - v⟧.
Proof. by rewrite oppr_gt0; case: sgrP; rewrite ?subr0 ?sub0r. Qed.

(* rule: |v| is v times its sign *)
Theorem abs_by_sign (R : realDomainType) (v : R) : `|v| = v * Num.sg v.
Proof. by rewrite normrEsg mulrC. Qed.

(* rule: a square is |v| times |v| *)
Theorem abs_square (R : realDomainType) (v : R) : `|v| ^+ 2 = v ^+ 2.
Proof. exact: real_normK (num_real v). Qed.

(* -- extreme values over an axis -------------------------------------------------------------- *)

(* what the place of the largest is: no entry is larger *)
Fact largest_there (R : realDomainType) n (a : 'I_n.+1 -> R) j : a j <= a (place_of_largest a).
Proof.
rewrite /place_of_largest; case: arg_minnP => [|i /forallP /(_ j)] //.
by apply/forallP => k; case: arg_maxP => // i _ /(_ k isT).
Qed.

(* and every one before it is smaller *)
Fact largest_first (R : realDomainType) n (a : 'I_n.+1 -> R) (j : 'I_n.+1) :
  (j < place_of_largest a)%N -> a j < a (place_of_largest a).
Proof.
rewrite /place_of_largest; case: arg_minnP => [|i /forallP top first ji].
  by apply/forallP => k; case: arg_maxP => // i _ /(_ k isT).
rewrite ltNge; apply/negP => ij; move: ji; rewrite ltnNge => /negP; apply.
by apply: first; apply/forallP => k; apply: le_trans (top k) ij.
Qed.

(* rule: the place of the largest is the first that no entry exceeds *)
Theorem place_of_largest_unique (R : realDomainType) n (a : 'I_n.+1 -> R) (l : 'I_n.+1) :
  l = place_of_largest a <->
  (forall j, a j <= a l) /\ (forall j : 'I_n.+1, (j < l)%N -> a j < a l).
Proof.
split=> [->|[top first]]; first by split; [apply: largest_there | apply: largest_first].
have [lp|pl|/val_inj //] := ltngtP l (place_of_largest a).
  by have := largest_first lp; rewrite ltNge top.
by have := first _ pl; rewrite ltNge largest_there.
Qed.

(* rule: the largest over an axis is the entry at the first place of the largest *)
Theorem largest_at_place (R : realDomainType) n (a : 'I_n.+1 -> R) :
  largest a = a (place_of_largest a).
Proof.
apply/le_anti/andP; split; rewrite /largest.
  by elim/big_ind: _ => [|x y xM yM|i _]; rewrite ?largest_there // maxEle; case: ifP.
exact: le_bigmax.
Qed.

(* rule: the smallest is the entry at the first place of the smallest *)
Theorem smallest_at_place (R : realDomainType) n (a : 'I_n.+1 -> R) :
  smallest a = a (place_of_smallest a).
Proof.
rewrite -[RHS]opprK -(largest_at_place (fun i => - a i)) /largest /smallest.
by elim/big_ind2: _ => [|x x' y y' -> ->|i _]; rewrite ?oppr_max ?opprK.
Qed.

(* rule: the largest is what no entry exceeds and one attains *)
Theorem largest_characterised (R : realDomainType) n (a : 'I_n.+1 -> R) (v : R) :
  v = largest a <-> (forall j, a j <= v) /\ (exists j, a j = v).
Proof.
rewrite largest_at_place; split=> [->|[top [j ajv]]].
  by split; [apply: largest_there | exists (place_of_largest a)].
by apply/le_anti; rewrite top andbT -ajv largest_there.
Qed.

(* rule: entries that are the same have the same place of the largest *)
Theorem place_of_largest_congruence (R : realDomainType) n (a b : 'I_n.+1 -> R) :
  (forall i, a i = b i) -> place_of_largest a = place_of_largest b.
Proof.
move=> ab; apply/place_of_largest_unique; split=> j; rewrite -!ab; first exact: largest_there.
exact: largest_first.
Qed.

(* rule: the place of the largest is that of c a + d, where c is above 0 *)
Theorem place_of_largest_scaled (R : realDomainType) n (a : 'I_n.+1 -> R) (c d : R) :
  0 < c -> place_of_largest (fun i => c * a i + d) = place_of_largest a.
Proof.
move=> c0; symmetry; apply/place_of_largest_unique; split=> j.
  by rewrite ler_add2r ler_pmul2l // largest_there.
by move=> /largest_first; rewrite ltr_add2r ltr_pmul2l.
Qed.

(* rule: the largest of c a + d, where c is above 0 *)
Theorem largest_scaled (R : realDomainType) n (a : 'I_n.+1 -> R) (c d : R) :
  0 < c -> largest (fun i => c * a i + d) = c * largest a + d.
Proof. by move=> c0; rewrite !largest_at_place place_of_largest_scaled. Qed.

(* rule: the smallest by the largest *)
Theorem smallest_by_largest (R : realDomainType) n (a : 'I_n.+1 -> R) :
  smallest a = - largest (fun i => - a i).
Proof. by rewrite smallest_at_place largest_at_place opprK. Qed.
