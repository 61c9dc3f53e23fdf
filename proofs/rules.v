(* The rules of the normal form: finite sums, deltas, brackets and fractions, at every size.
   An axis, or several axes together, is a finite type I; 'I_n is an axis of size n. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.classical Require Import mathcomp_extra.
From Pullback Require Import meaning.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* -- sums ------------------------------------------------------------------------------------- *)

(* rule: sums are equal where their summands are, at every place *)
Theorem sum_congruence (R : zmodType) (I : finType) (f g : I -> R) :
  (forall i, f i = g i) -> \sum_i f i = \sum_i g i.
Proof. by move=> fg; apply: eq_bigr => i _; apply: fg. Qed.

(* rule: a sum is taken term by term *)
Theorem sum_linear (R : zmodType) (I : finType) (f g : I -> R) :
  \sum_i (f i + g i) = \sum_i f i + \sum_i g i.
Proof. exact: big_split. Qed.

(* rule: a sum of as many terms as there are is taken term by term *)
Theorem sum_of_terms (R : zmodType) (I : finType) k (f : 'I_k -> I -> R) :
  \sum_i \sum_(t < k) f t i = \sum_(t < k) \sum_i f t i.
Proof. exact: exchange_big. Qed.

(* rule: a constant comes out of a sum *)
Theorem sum_constant_factor (R : ringType) (I : finType) (c : R) (f : I -> R) :
  \sum_i c * f i = c * (\sum_i f i).
Proof. by rewrite mulr_sumr. Qed.

(* rule: a sum of a constant is the size times it *)
Theorem sum_constant (R : ringType) n (c : R) : \sum_(i < n) c = n%:R * c.
Proof. by rewrite sumr_const card_ord mulr_natl. Qed.

(* rule: sums are exchanged *)
Theorem sum_exchange (R : zmodType) (I J : finType) (f : I -> J -> R) :
  \sum_i \sum_j f i j = \sum_j \sum_i f i j.
Proof. exact: exchange_big. Qed.

(* rule: sums over two axes are one sum over both *)
Theorem sum_of_sums (R : zmodType) (I J : finType) (f : I -> J -> R) :
  \sum_i \sum_j f i j = \sum_(p : I * J) f p.1 p.2.
Proof. exact: pair_bigA. Qed.

(* rule: a bound index is renamed, by any map of the axis onto itself that can be undone *)
Theorem sum_rename (R : zmodType) (I J : finType) (to : J -> I) (back : I -> J) (f : I -> R) :
  cancel to back -> cancel back to -> \sum_i f i = \sum_j f (to j).
Proof. by move=> tK bK; apply: reindex; exists back => j _; [apply: tK | apply: bK]. Qed.

(* rule: a product of two sums is a double sum *)
Theorem sum_product (R : ringType) (I J : finType) (f : I -> R) (g : J -> R) :
  (\sum_i f i) * (\sum_j g j) = \sum_i \sum_j f i * g j.
Proof. exact: big_distrlr. Qed.

(* rule: a sum is split at a place *)
Theorem sum_split (R : zmodType) n (k : 'I_n.+1) (f : 'I_n.+1 -> R) :
  \sum_i f i = \sum_(i < n.+1 | (i < k)%N) f i + f k + \sum_(i < n.+1 | (k < i)%N) f i.
Proof.
rewrite (bigID (fun i : 'I_n.+1 => (i < k)%N)) /= -addrA; congr (_ + _).
rewrite (bigD1 k) ?ltnn //=; congr (_ + _); apply: eq_bigl => i.
by rewrite -leqNgt eq_sym [in RHS]ltn_neqAle andbC.
Qed.

(* rule: the first place of an axis stands apart *)
Theorem sum_first (R : zmodType) n (f : 'I_n.+1 -> R) :
  \sum_i f i = f ord0 + \sum_(i < n) f (lift ord0 i).
Proof. exact: big_ord_recl. Qed.

(* -- deltas ----------------------------------------------------------------------------------- *)

(* rule: a sum over a delta picks one term *)
Theorem delta_sum (R : ringType) (I : finType) (l : I) (f : I -> R) :
  \sum_j ⟦j == l⟧ * f j = f l.
Proof. by rewrite (bigD1 l) //= eqxx mul1r big1 ?addr0 // => j /negbTE ->; rewrite mul0r. Qed.

(* rule: beside a delta its places are the same *)
Theorem delta_substitute (R : ringType) (I : eqType) (i j : I) (f : I -> R) :
  ⟦i == j⟧ * f i = ⟦i == j⟧ * f j.
Proof. by case: eqP => [->|] //; rewrite !mul0r. Qed.

(* rule: a power of a delta is the delta *)
Theorem delta_power (R : ringType) (I : eqType) (i j : I) p :
  ⟦i == j⟧ ^+ p.+1 = ⟦i == j⟧ :> R.
Proof. by case: eqP => _; rewrite ?expr1n // expr0n. Qed.

(* rule: a delta is 1 where its places are the same *)
Theorem delta_same (R : ringType) (I : eqType) (i : I) : ⟦i == i⟧ = 1 :> R.
Proof. by rewrite eqxx. Qed.

(* rule: a delta does not know the order of its places *)
Theorem delta_symmetric (R : ringType) (I : eqType) (i j : I) :
  ⟦i == j⟧ = ⟦j == i⟧ :> R.
Proof. by rewrite eq_sym. Qed.

(* rule: what a delta leaves out and its own term are the whole sum *)
Theorem delta_hole (R : ringType) (I : finType) (l : I) (f : I -> R) :
  \sum_i f i = f l + \sum_i (1 - ⟦i == l⟧) * f i.
Proof.
rewrite -[f l](delta_sum l f) -big_split /=; apply: eq_bigr => i _.
by rewrite -mulrDl addrC subrK mul1r.
Qed.

(* rule: the entry at the place of the largest is picked by a delta *)
Theorem delta_at_largest (R : realDomainType) n (a b : 'I_n.+1 -> R) :
  \sum_i ⟦i == place_of_largest a⟧ * b i = b (place_of_largest a).
Proof. exact: delta_sum. Qed.

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

(* rule: a comparison is one of the difference with 0 *)
Theorem bracket_difference (R : realDomainType) (a b : R) :
  (⟦a < b⟧ = ⟦0 < b - a⟧ :> R) * (⟦a == b⟧ = ⟦b - a == 0⟧ :> R).
Proof. by rewrite subr_gt0 subr_eq0 [b == a]eq_sym. Qed.

(* rule: a positive factor does not change a bracket *)
Theorem bracket_scale (R : realDomainType) (c v : R) :
  0 < c -> ⟦0 < c * v⟧ = ⟦0 < v⟧ :> R.
Proof. by move=> c0; rewrite pmulr_rgt0. Qed.

(* rule: a factor that is not 0 does not change a bracket of equality with 0 *)
Theorem bracket_scale_zero (R : idomainType) (c v : R) :
  c != 0 -> ⟦c * v == 0⟧ = ⟦v == 0⟧ :> R.
Proof. by move=> /negbTE c0; rewrite mulf_eq0 c0. Qed.

(* rule: the larger of two by a bracket *)
Theorem bracket_max (R : realDomainType) (a b : R) :
  Num.max a b = b + ⟦0 < a - b⟧ * (a - b).
Proof. by rewrite subr_gt0; case: ltP => _; rewrite ?mul1r ?mul0r ?addr0 // addrC subrK. Qed.

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

(* -- fractions -------------------------------------------------------------------------------- *)

(* rule: fractions are equal over a common denominator *)
Theorem fraction_equality (F : fieldType) (a b d e : F) :
  d != 0 -> e != 0 -> (a / d == b / e) = (a * e == b * d).
Proof. by move=> d0 e0; rewrite eqr_div. Qed.

(* rule: a sum over a common denominator *)
Theorem fraction_sum (F : fieldType) (a b d e : F) :
  d != 0 -> e != 0 -> a / d + b / e = (a * e + b * d) / (d * e).
Proof. by move=> d0 e0; rewrite addf_div. Qed.

(* rule: what does not vanish and is a factor of both sides goes *)
Theorem equal_times (R : idomainType) (c a b : R) : c != 0 -> (c * a == c * b) = (a == b).
Proof. by move=> c0; rewrite (inj_eq (mulfI c0)). Qed.

(* rule: whole powers of one base, and those below 0 where the base is not 0 *)
Theorem power_whole (F : fieldType) (x : F) (a b : int) :
  x != 0 -> x ^ a * x ^ b = x ^ (a + b).
Proof. by move=> x0; rewrite expfzDr. Qed.

(* rule: natural powers of one base, whatever it is *)
Theorem power_natural (R : ringType) (x : R) (a b : nat) : x ^+ a * x ^+ b = x ^+ (a + b).
Proof. by rewrite exprD. Qed.

(* rule: whole powers of a product *)
Theorem power_of_product (F : fieldType) (x y : F) (p : int) : (x * y) ^ p = x ^ p * y ^ p.
Proof. by rewrite expfzMl. Qed.

(* rule: a whole power of a whole power *)
Theorem power_of_power (F : fieldType) (x : F) (a b : int) : (x ^ a) ^ b = x ^ (a * b).
Proof. by rewrite exprzAC exprz_exp mulrC. Qed.
