(* The rules of the normal form: finite sums, deltas and fractions, at every size.
   An axis, or several axes together, is a finite type I; 'I_n is an axis of size n. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
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

(* rule: a sum over the places where a condition holds is one with a bracket *)
Theorem sum_under_condition (R : ringType) (I : finType) (c : I -> bool) (f : I -> R) :
  \sum_(i | c i) f i = \sum_i ⟦c i⟧ * f i.
Proof.
by rewrite big_mkcond; apply: eq_bigr => i _; case: (c i); rewrite ?mul1r ?mul0r.
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

(* rule: where two places meet, what is compared with one is compared with the other *)
Theorem meeting_put_in (R : ringType) (z d k : int) (f : int -> R) :
  ⟦z == 0⟧ * f d = ⟦z == 0⟧ * f (d - k * z).
Proof. by case: eqP => [->|_]; rewrite ?mulr0 ?subr0 // !mul0r. Qed.

(* rule: two places of one axis are one where their numbers are *)
Theorem places_by_number (R : ringType) n (i j : 'I_n) :
  ⟦i%:Z - j%:Z == 0⟧ = ⟦i == j⟧ :> R.
Proof. by rewrite subr_eq0 eqz_nat. Qed.

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

(* rule: a delta is 0 where its places are not the same *)
Theorem delta_different (R : ringType) (I : eqType) (i j : I) : i != j -> ⟦i == j⟧ = 0 :> R.
Proof. by move=> /negbTE ->. Qed.

(* rule: a delta of places on several axes is the product of theirs *)
Theorem delta_of_pairs (R : ringType) (I J : eqType) (i k : I) (j l : J) :
  ⟦(i, j) == (k, l)⟧ = ⟦i == k⟧ * ⟦j == l⟧ :> R.
Proof. by rewrite xpair_eqE; case: eqP; rewrite ?mul1r ?mul0r. Qed.

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

(* rule: a size is above 0 *)
Theorem size_positive (R : numDomainType) n : 0 < n.+1%:R :> R.
Proof. exact: ltr0Sn. Qed.

(* rule: a denominator that does not vanish is cleared *)
Theorem denominator_cleared (F : fieldType) (a b d : F) : d != 0 -> (a / d == b) = (a == b * d).
Proof. by move=> d0; rewrite -[a == _](inj_eq (mulIf (invr_neq0 d0))) mulfK. Qed.

(* rule: whole powers of one base, and those below 0 where the base is not 0 *)
Theorem power_whole (F : fieldType) (x : F) (a b : int) :
  x != 0 -> x ^ a * x ^ b = x ^ (a + b).
Proof. by move=> x0; rewrite expfzDr. Qed.

(* rule: as many whole powers of one base as there are, where it is not 0 *)
Theorem power_whole_many (F : fieldType) (I : finType) (x : F) (p : I -> int) :
  x != 0 -> \prod_i x ^ p i = x ^ (\sum_i p i).
Proof.
move=> x0; elim/big_rec2: _ => [|i a b _ ->]; first by rewrite expr0z.
by rewrite expfzDr.
Qed.

(* rule: natural powers of one base, whatever it is *)
Theorem power_natural (R : ringType) (x : R) (a b : nat) : x ^+ a * x ^+ b = x ^+ (a + b).
Proof. by rewrite exprD. Qed.

(* rule: whole powers of a product *)
Theorem power_of_product (F : fieldType) (x y : F) (p : int) : (x * y) ^ p = x ^ p * y ^ p.
Proof. by rewrite expfzMl. Qed.

(* rule: a whole power of a whole power *)
Theorem power_of_power (F : fieldType) (x : F) (a b : int) : (x ^ a) ^ b = x ^ (a * b).
Proof. by rewrite exprzAC exprz_exp mulrC. Qed.
