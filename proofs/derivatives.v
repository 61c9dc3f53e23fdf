(* Derivatives by one entry of a tensor: what the rules of derivatives do, and the normal form's rules.
   A tensor is a function x on the places J of its entries; `partial F x m d` says that F has at x
   the derivative d by the entry x_m, all others held. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.classical Require Import boolp classical_sets functions.
From mathcomp.analysis Require Import reals topology normedtype derive realfun sequences exp trigo.
From Pullback Require Import meaning rules rules_functions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory numFieldNormedType.Exports.
Local Open Scope ring_scope.
Local Open Scope classical_set_scope.

Definition moved (R : realType) (J : eqType) (x : J -> R) (m : J) (t : R) : J -> R :=
  fun j => x j + t * ⟦j == m⟧.
Definition partial (R : realType) (J : eqType) (F : (J -> R) -> R) (x : J -> R) (m : J) (d : R) :=
  is_derive (0 : R) 1 (fun t : R => F (moved x m t)) d.

Fact moved_not (R : realType) (J : eqType) (x : J -> R) m : moved x m 0 = x.
Proof. by apply/funext => j; rewrite /moved mul0r addr0. Qed.

Fact derivative_is (R : realType) (f : R -> R) (x d e : R) :
  is_derive x 1 f d -> d = e -> is_derive x 1 f e.
Proof. by move=> fd <-. Qed.

(* -- one entry by another, and what does not depend on it ------------------------------------- *)

(* rule: the derivative of an entry by an entry is a delta *)
Theorem partial_entry (R : realType) (J : eqType) (x : J -> R) (n m : J) :
  partial (fun x => x n) x m ⟦n == m⟧.
Proof.
rewrite /partial /moved; set c : R := ⟦n == m⟧.
have -> : (fun t : R => x n + t * c) = (cst (x n) + c \*: (id : R -> R)).
  by apply/funext => t; rewrite fctE /= mulrC.
by apply: is_derive_eq; rewrite add0r /GRing.scale /= mulr1.
Qed.

(* rule: what an entry does not stand in has the derivative 0 *)
Theorem partial_constant (R : realType) (J : eqType) (x : J -> R) (m : J) (c : R) :
  partial (fun=> c) x m 0.
Proof. exact: is_derive_cst. Qed.

(* -- sums, products, quotients ---------------------------------------------------------------- *)

(* rule: the derivative of a sum *)
Theorem partial_add (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d e : R) :
  partial F x m d -> partial G x m e -> partial (fun x => F x + G x) x m (d + e).
Proof. by move=> Fd Ge; apply: (is_deriveD Fd Ge). Qed.

(* rule: the derivative of a sum over axes *)
Theorem partial_sum (R : realType) (J : eqType) (I : finType) (F : I -> (J -> R) -> R)
    (x : J -> R) m (d : I -> R) :
  (forall i, partial (F i) x m (d i)) -> partial (fun x => \sum_i F i x) x m (\sum_i d i).
Proof.
move=> Fd; rewrite /partial; elim: (index_enum I) => [|i r IH].
  by under eq_fun do rewrite big_nil; rewrite big_nil; apply: is_derive_cst.
by under eq_fun do rewrite big_cons; rewrite big_cons; apply: is_deriveD (Fd i) IH.
Qed.

(* rule: the derivative of a product *)
Theorem partial_product (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d e : R) :
  partial F x m d -> partial G x m e ->
  partial (fun x => F x * G x) x m (d * G x + F x * e).
Proof.
move=> Fd Ge; apply: (derivative_is (is_deriveM Fd Ge)).
by rewrite !moved_not /GRing.scale /= addrC; congr (_ + _); rewrite mulrC.
Qed.

(* rule: the derivative of a quotient *)
Theorem partial_quotient (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m
    (d e : R) :
  G x != 0 -> partial F x m d -> partial G x m e ->
  partial (fun x => F x / G x) x m ((d * G x - F x * e) / G x ^+ 2).
Proof.
move=> G0 Fd Ge; have G0' : G (moved x m 0) != 0 by rewrite moved_not.
apply: (derivative_is (is_deriveM Fd (is_deriveV G0' Ge))).
by rewrite !moved_not /GRing.scale /=; field.
Qed.

(* rule: the derivative of a function of one variable, the chain rule *)
Theorem partial_chain (R : realType) (J : eqType) (f : R -> R) (F : (J -> R) -> R) (x : J -> R) m
    (a d : R) :
  is_derive (F x) 1 f a -> partial F x m d -> partial (fun x => f (F x)) x m (a * d).
Proof.
move=> fa Fd; have fa' : is_derive (F (moved x m 0)) 1 f a by rewrite moved_not.
exact: (is_derive1_comp fa' Fd).
Qed.
