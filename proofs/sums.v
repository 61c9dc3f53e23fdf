(* Laws of sums and deltas, of names and facts, at every size.
   An axis, or several axes together, is a finite type I; 'I_n is an axis of size n. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From Pullback Require Import meaning rules.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* -- sums and deltas -------------------------------------------------------------------------- *)

(* law: distribute; a factor before one bracket *)
Theorem distribute_factor (R : ringType) k (a : R) (t : 'I_k -> R) :
  a * (\sum_i t i) = \sum_i a * t i.
Proof. exact: mulr_sumr. Qed.

(* law: distribute; any number of brackets, all multiplied out (a shorter one has terms 0) *)
Theorem distribute_brackets (R : comRingType) m k (a : R) (t : 'I_m -> 'I_k -> R) :
  a * (\prod_b \sum_i t b i) = \sum_(choice : {ffun 'I_m -> 'I_k}) a * \prod_b t b (choice b).
Proof. by rewrite bigA_distr_bigA mulr_sumr. Qed.

(* law: sum term by term; terms and what they share come out in one *)
Theorem sum_term_by_term (R : comRingType) (I : finType) k (c : 'I_k -> R) (a : 'I_k -> I -> R) :
  \sum_i \sum_(t < k) c t * a t i = \sum_(t < k) c t * (\sum_i a t i).
Proof. by rewrite exchange_big; apply: eq_bigr => t _; rewrite mulr_sumr. Qed.

(* law: factor of both cases; a factor *)
Theorem factor_of_both_cases (R : ringType) (c : bool) (f a b : R) :
  (if c then f * a else f * b) = f * (if c then a else b).
Proof. by case: c. Qed.

(* law: factor of both cases; deltas d, or any factors, of terms (one that a case lacks is 0) *)
Theorem deltas_of_both_cases (R : ringType) (c : bool) k (d a b : 'I_k -> R) :
  (if c then \sum_t d t * a t else \sum_t d t * b t) = \sum_t d t * (if c then a t else b t).
Proof. by case: c. Qed.

(* law: sum over a delta; the place l may run with other indices of the sum *)
Theorem delta_sum_among (R : ringType) (I K : finType) (l : K -> I) (f : I -> K -> R) :
  \sum_(p : I * K) ⟦p.1 == l p.2⟧ * f p.1 p.2 = \sum_k f (l k) k.
Proof.
rewrite -(pair_bigA _ (fun i k => ⟦i == l k⟧ * f i k)) exchange_big /=.
by apply: eq_bigr => k _; rewrite (delta_sum (l k) (f^~ k)).
Qed.

(* law: sum over a delta; with a shift: what is the same wherever the places meet comes out, and
   what is picked, x, is 0 where they do not *)
Theorem delta_sum_shifted (R : ringType) (I : finType) (meet : I -> bool) (x f : I -> R) (c : R) :
  (forall i, meet i -> f i = c) ->
  \sum_i ⟦meet i⟧ * (x i * f i) = (\sum_i ⟦meet i⟧ * x i) * c.
Proof.
move=> same; rewrite mulr_suml; apply: eq_bigr => i _.
by case: (boolP (meet i)) => [/same ->|_]; rewrite ?mul1r ?mul0r.
Qed.

(* law: sum of a constant; of a sum over more axes, where the body runs along I alone *)
Theorem sum_over_idle_axes (R : ringType) (I K : finType) (b : I -> R) :
  \sum_(p : I * K) b p.1 = #|K|%:R * (\sum_i b i).
Proof.
rewrite -(pair_bigA _ (fun i _ => b i)) mulr_sumr /=; apply: eq_bigr => i _.
by rewrite sumr_const mulr_natl.
Qed.

(* law: sum of a constant; the size of several axes is the product of theirs *)
Theorem size_of_axes (R : ringType) m n : #|{: 'I_m * 'I_n}|%:R = m%:R * n%:R :> R.
Proof. by rewrite card_prod !card_ord natrM. Qed.

(* law: terms that cancel; terms of a sum are summed one by one, those that do not run (b) with
   the size *)
Theorem cancel_in_sum (R : comRingType) n k (c : 'I_k -> R) (a : 'I_k -> 'I_n -> R) (b : R) :
  \sum_(i < n) (\sum_(t < k) c t * a t i + b) = \sum_(t < k) c t * (\sum_i a t i) + n%:R * b.
Proof. by rewrite big_split /= sum_term_by_term sum_constant. Qed.

(* law: terms that cancel; deviations from a mean *)
Theorem cancel_deviations (F : fieldType) n (a : 'I_n -> F) :
  n%:R != 0 :> F -> \sum_i (a i - (\sum_k a k) / n%:R) = 0.
Proof. by move=> n0; rewrite sumrB sum_constant mulrCA divff // mulr1 subrr. Qed.

(* law: terms that cancel; terms that differ in their numbers alone are one, which goes where c + d
   is 0 *)
Theorem cancel_like_terms (R : comRingType) (c d x rest : R) :
  c * x + (rest + d * x) = (c + d) * x + rest.
Proof. by ring. Qed.

(* law: common factor *)
Theorem common_factor (R : ringType) k (f : R) (r : 'I_k -> R) :
  \sum_t f * r t = f * (\sum_t r t).
Proof. by rewrite mulr_sumr. Qed.

(* law: common factor; natural powers of it, the lowest of which comes out *)
Theorem common_power (R : comRingType) k (f : R) (p : nat) (q : 'I_k -> nat) (r : 'I_k -> R) :
  (forall t, p <= q t)%N ->
  \sum_t f ^+ q t * r t = f ^+ p * (\sum_t f ^+ (q t - p) * r t).
Proof.
by move=> pq; rewrite mulr_sumr; apply: eq_bigr => t _; rewrite mulrA -exprD subnKC.
Qed.

(* law: common factor; powers below the line *)
Theorem common_power_below (F : fieldType) k (f : F) (p : nat) (q : 'I_k -> nat) (r : 'I_k -> F) :
  (forall t, p <= q t)%N ->
  \sum_t f ^- q t * r t = f ^- p * (\sum_t f ^- (q t - p) * r t).
Proof.
by move=> pq; rewrite mulr_sumr; apply: eq_bigr => t _; rewrite mulrA -!exprVn -exprD subnKC.
Qed.

(* -- quotients in sums and cases -------------------------------------------------------------- *)

(* law: log of a quotient; what all terms of a sum are divided by comes before the sum *)
Theorem sum_over_one_divisor (F : fieldType) (I : finType) (t : I -> F) (d : F) :
  \sum_i t i / d = (\sum_i t i) / d.
Proof. by rewrite mulr_suml. Qed.

(* law: exponential into quotients; into a sum of them *)
Theorem exponential_into_quotients (F : fieldType) (I : finType) (f : F) (c s : I -> F) :
  f * (\sum_n c n / s n) = \sum_n f * c n / s n.
Proof. by rewrite mulr_sumr; apply: eq_bigr => n _; rewrite mulrA. Qed.

(* law: exponential into quotients; into a case, of which the other may be 0 *)
Theorem exponential_into_case (R : ringType) (c : bool) (f a : R) :
  f * (if c then a else 0) = if c then f * a else 0.
Proof. by case: c; rewrite ?mulr0. Qed.

(* law: exponential into quotients; a sum that is a factor becomes one over both indices *)
Theorem exponential_into_one_sum (R : comRingType) (I J : finType) (x : R) (a : I -> R)
    (b : J -> R) :
  \sum_i x * a i * (\sum_j b j) = x * (\sum_i \sum_j a i * b j).
Proof.
by rewrite mulr_sumr; apply: eq_bigr => i _; rewrite -mulr_sumr mulrA.
Qed.

(* -- names and facts -------------------------------------------------------------------------- *)

(* law: definition; a name and what it stands for are one, in whatever they stand *)
Theorem name_put_in (I : Type) (T U : Type) (p meaning : I -> T) (F : T -> U) (k : I) :
  (forall j, p j = meaning j) -> F (p k) = F (meaning k).
Proof. by move=> ->. Qed.

(* law: fold; a power of the meaning is a factor, but for sizes and numbers d, which are made up
   for *)
Theorem name_folded (F : fieldType) (I : Type) (p meaning part : I -> F) (d rest : F) (n : int)
    (k : I) :
  (forall j, p j = meaning j) -> meaning k = d * part k -> d != 0 ->
  rest * part k ^ n = p k ^ n * (rest * d ^ - n).
Proof.
move=> -> -> d0; rewrite expfzMl.
transitivity (rest * part k ^ n * (d ^ n * d ^ (- n))).
  by rewrite -expfzDr // addrN expr0z mulr1.
by move: (d ^ n) (d ^ - n) (part k ^ n) => x y z; ring.
Qed.

(* law: fold; the whole of the meaning with a minus sign *)
Theorem name_folded_minus (R : zmodType) (I : Type) (p meaning : I -> R) (k : I) :
  (forall j, p j = meaning j) -> - meaning k = - p k.
Proof. by move=> ->. Qed.

(* law: assumption; both sides of a declared fact are one, in whatever they stand *)
Theorem fact_used (I : Type) (T U : Type) (left right : I -> T) (F : T -> U) (k : I) :
  (forall j, left j = right j) -> F (left k) = F (right k).
Proof. by move=> ->. Qed.

(* law: mask from the output *)
Theorem mask_of_output (R : realDomainType) (I : Type) (h u : I -> R) (k : I) :
  (forall i, h i = Num.max 0 (u i)) -> ⟦0 < u k⟧ = ⟦h k != 0⟧ :> R.
Proof. by move=> ->; case: ltP => [u0|_]; rewrite ?eqxx // gt_eqF. Qed.

(* -- means and shares ------------------------------------------------------------------------- *)

(* law: mean of the deviations *)
Theorem mean_of_deviations (F : fieldType) n (a : 'I_n -> F) (m : F) (k : 'I_n) :
  n%:R != 0 :> F -> m = (\sum_i a i) / n%:R ->
  a k - m = a k - m - (\sum_i (a i - m)) / n%:R.
Proof. by move=> n0 ->; rewrite cancel_deviations // mul0r subr0. Qed.

(* law: what the others have; a share with a name, and any multiple t of 1 less it *)
Theorem others_have (R : ringType) (I : finType) (p : I -> R) (t : R) (k : I) :
  \sum_j p j = 1 -> t - t * p k = t * (\sum_j (1 - ⟦j == k⟧) * p j).
Proof.
by move=> one; rewrite -{1}[t]mulr1 -[X in t * X - _]one (delta_hole k) mulrDr addrC addKr.
Qed.

(* law: difference from a label *)
Theorem difference_from_label (R : ringType) (I : finType) (p : I -> R) (b : R) (k y : I) :
  b * p k - b * ⟦k == y⟧ = b * (p k - ⟦k == y⟧).
Proof. by rewrite mulrBr. Qed.

(* law: split off the largest; a sum whose term at l is 1 *)
Theorem split_off (R : ringType) (I : finType) (f : I -> R) (l : I) :
  f l = 1 -> \sum_i f i = 1 + \sum_i (1 - ⟦i == l⟧) * f i.
Proof. by move=> fl; rewrite (delta_hole l) fl. Qed.

(* law: split off the largest; one of its terms *)
Theorem split_off_term (R : ringType) (I : eqType) (f : I -> R) (k l : I) :
  f l = 1 -> f k = ⟦k == l⟧ + (1 - ⟦k == l⟧) * f k.
Proof. by case: eqP => [->|_] fl; rewrite ?fl ?subrr ?mul0r ?addr0 ?subr0 ?mul1r ?add0r. Qed.

(* law: split off the largest; beside 1 less a delta such a term is as it was *)
Theorem split_off_once (R : ringType) (I : eqType) (k l : I) (e : R) :
  (1 - ⟦k == l⟧) * (⟦k == l⟧ + (1 - ⟦k == l⟧) * e) = (1 - ⟦k == l⟧) * e.
Proof. by case: eqP => _; rewrite ?subrr ?mul0r ?subr0 ?add0r ?mul1r. Qed.

(* law: minus the others *)
Theorem minus_the_others (R : ringType) (I : finType) (p : I -> R) (k y : I) :
  \sum_j p j = 1 ->
  p k - ⟦k == y⟧ = (1 - ⟦k == y⟧) * p k - ⟦k == y⟧ * (\sum_j (1 - ⟦j == y⟧) * p j).
Proof.
move=> one; have [->|_] := eqVneq k y; last by rewrite !subr0 mul1r mul0r subr0.
by rewrite subrr mul0r mul1r sub0r -[X in _ - X]one (delta_hole y) opprD addrA subrr sub0r.
Qed.

(* law: entries that add up to nothing; with a factor that does not run with the index *)
Theorem nothing_in_all (R : ringType) (I : finType) (c : R) (e : I -> R) (k l : I) :
  \sum_j e j = 0 ->
  c * e k = c * ((1 - ⟦k == l⟧) * e k - ⟦k == l⟧ * (\sum_j (1 - ⟦j == l⟧) * e j)).
Proof.
move=> none; congr (_ * _); have [->|_] := eqVneq k l; last by rewrite subr0 mul1r mul0r subr0.
by rewrite subrr mul0r mul1r sub0r; apply/eqP; rewrite -addr_eq0 -(delta_hole l) none.
Qed.

(* law: entries that add up to nothing; two distributions' difference does *)
Theorem nothing_between_shares (R : ringType) (I : finType) (p t : I -> R) :
  \sum_j p j = 1 -> \sum_j t j = 1 -> \sum_j (p j - t j) = 0.
Proof. by move=> p1 t1; rewrite sumrB p1 t1 subrr. Qed.

(* -- parts ------------------------------------------------------------------------------------ *)

(* law: rows apart; terms, each a factor and a sum, with one weight of all of them, and the rest *)
Theorem rows_apart (R : comRingType) (I : finType) k (w r : R) (c : 'I_k -> R)
    (a : 'I_k -> I -> R) :
  \sum_(t < k) w * c t * (\sum_i a t i) + r = w * (\sum_i \sum_(t < k) c t * a t i) + r.
Proof.
by rewrite sum_term_by_term mulr_sumr; congr (_ + _); apply: eq_bigr => t _; rewrite mulrA.
Qed.

(* law: parts of a sum; q says in which part i lies *)
Theorem sum_in_parts (R : ringType) (I P : finType) (q : I -> P) (f : I -> R) :
  \sum_i f i = \sum_p \sum_i ⟦p == q i⟧ * f i.
Proof. by rewrite exchange_big; apply: eq_bigr => i _; rewrite (delta_sum (q i) (fun=> f i)). Qed.

(* law: parts of a sum; a mean and the rest come from the parts' own, by their shares *)
Theorem mean_from_parts (F : fieldType) (P : finType) (s n : P -> F) (r : F) :
  (forall p, n p != 0) -> \sum_p n p != 0 ->
  (\sum_p s p) / (\sum_p n p) + r = \sum_p n p / (\sum_p n p) * (s p / n p + r).
Proof.
move=> n0 N0; set N := \sum_p n p in N0 *.
have part p : n p / N * (s p / n p + r) = s p / N + n p * (r / N).
  rewrite mulrDr; congr (_ + _); last by rewrite -!mulrA [N^-1 * r]mulrC.
  by rewrite mulrACA [n p * s p]mulrC -mulrACA divff // mulr1 mulrC.
under [RHS]eq_bigr => p _ do rewrite part.
by rewrite big_split /= -!mulr_suml -/N mulrCA divff // mulr1.
Qed.

(* law: parts of a sum; a sum and the rest come from the parts' own, less the rest that is in each
   but one *)
Theorem sum_from_parts (R : ringType) (P : finType) (s : P -> R) (r : R) :
  \sum_p s p + r = \sum_p (s p + r) + (1 - #|P|%:R) * r.
Proof.
rewrite big_split /= sumr_const -mulr_natl mulrBl mul1r -addrA; congr (_ + _).
by rewrite addrCA subrr addr0.
Qed.
