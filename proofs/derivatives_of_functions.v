(* Derivatives of the functions of one variable. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.classical Require Import boolp classical_sets functions.
From mathcomp.analysis Require Import reals topology normedtype derive realfun sequences exp trigo.
From Pullback Require Import meaning rules rules_functions exponentials derivatives.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory numFieldNormedType.Exports.
Local Open Scope ring_scope.
Local Open Scope classical_set_scope.

(* is_derive1_comp with the conditions in the order in which they are worked out *)
Fact chain (R : realType) (f g : R -> R) (x a b c : R) :
  is_derive x 1 g b -> is_derive (g x) 1 f a -> a * b = c -> is_derive x 1 (fun t => f (g t)) c.
Proof. by move=> gb fa <-; apply: (is_derive1_comp fa gb). Qed.

Fact derive_shift (R : realType) (x c : R) : is_derive x 1 (fun t : R => c + t) 1.
Proof.
have -> : (fun t : R => c + t) = cst c + (id : R -> R) by [].
by apply: is_derive_eq; rewrite add0r.
Qed.
Fact derive_multiple (R : realType) (x c : R) : is_derive x 1 (fun t : R => c * t) c.
Proof.
have -> : (fun t : R => c * t) = (c \*: (id : R -> R)) by [].
by apply: is_derive_eq; rewrite /GRing.scale /= mulr1.
Qed.
Fact derive_minus (R : realType) (x : R) : is_derive x 1 (fun t : R => - t) (- 1).
Proof. exact: is_deriveNid. Qed.
Fact derive_plus (R : realType) (f g : R -> R) (x a b : R) :
  is_derive x 1 f a -> is_derive x 1 g b -> is_derive x 1 (fun t => f t + g t) (a + b).
Proof. exact: is_deriveD. Qed.
Fact derive_times (R : realType) (f g : R -> R) (x a b : R) :
  is_derive x 1 f a -> is_derive x 1 g b -> is_derive x 1 (fun t => f t * g t) (a * g x + f x * b).
Proof.
move=> fa gb; apply: (derivative_is (is_deriveM fa gb)).
by rewrite /GRing.scale /= addrC; congr (_ + _); rewrite mulrC.
Qed.
Fact derive_inverse (R : realType) (x : R) : x != 0 -> is_derive x 1 (fun t : R => t^-1) (- x ^- 2).
Proof.
move=> x0; apply: (derivative_is (is_deriveV (f := id) x0 (is_derive_id _ _))).
by rewrite /GRing.scale /= mulr1.
Qed.

(* -- exponentials and logs -------------------------------------------------------------------- *)

(* rule: the derivative of exp *)
Theorem derive_exp (R : realType) (x : R) : is_derive x 1 expR (expR x).
Proof. exact: is_derive_expR. Qed.

(* rule: the derivative of log *)
Theorem derive_log (R : realType) (x : R) : 0 < x -> is_derive x 1 (@ln R) x^-1.
Proof. exact: is_derive1_ln. Qed.

(* rule: the derivative of log1p *)
Theorem derive_log1p (R : realType) (x : R) : 0 < 1 + x -> is_derive x 1 log1p (1 + x)^-1.
Proof.
by move=> x0; apply: (chain (derive_shift x 1) (derive_log x0)); rewrite mulr1.
Qed.

(* rule: the derivative of expm1 *)
Theorem derive_expm1 (R : realType) (x : R) : is_derive x 1 expm1 (expR x).
Proof.
have -> : expm1 = (fun t : R => expR t + cst (-1) t) by [].
by apply: (derivative_is (derive_plus (derive_exp x) (is_derive_cst _ _ _))); rewrite addr0.
Qed.

(* -- powers ----------------------------------------------------------------------------------- *)

(* rule: the derivative of a natural power *)
Theorem derive_natural_power (R : realType) (n : nat) (x : R) :
  is_derive x 1 (fun t : R => t ^+ n.+1) (n.+1%:R * x ^+ n).
Proof.
have -> : (fun t : R => t ^+ n.+1) = (id : R -> R) ^+ n.+1 by apply/funext => t; rewrite fctE.
apply: (derivative_is (is_deriveX n (is_derive_id x 1))).
by rewrite /GRing.scale /= mulr1 mulr_natl.
Qed.

(* rule: the derivative of a power below the line *)
Theorem derive_power_below (R : realType) (n : nat) (x : R) :
  x != 0 -> is_derive x 1 (fun t : R => t ^- n.+1) (- n.+1%:R * x ^- n.+2).
Proof.
move=> x0; have xn : x ^+ n.+1 != 0 by rewrite expf_neq0.
apply: (chain (derive_natural_power n x) (derive_inverse xn)).
by rewrite [x ^+ n.+2]exprS [x ^+ n.+1]exprS; field; rewrite x0 expf_neq0.
Qed.

(* -- sigmoids and tanh ------------------------------------------------------------------------ *)

(* rule: the derivative of the sigmoid *)
Theorem derive_sigmoid (R : realType) (x : R) :
  is_derive x 1 sigmoid (sigmoid x * (1 - sigmoid x)).
Proof.
have m0 := exp_more_not0 (- x).
have E : is_derive x 1 (fun t : R => 1 + expR (- t)) (- expR (- x)).
  have e : is_derive x 1 (fun t : R => expR (- t)) (- expR (- x)).
    by apply: (chain (derive_minus x) (derive_exp _)); rewrite mulrN1.
  by apply: (chain e (derive_shift _ 1)); rewrite mul1r.
apply: (chain E (derive_inverse m0)); rewrite /sigmoid.
by field.
Qed.

(* rule: the derivative of tanh *)
Theorem derive_tanh (R : realType) (x : R) : is_derive x 1 tanh (1 - tanh x ^+ 2).
Proof.
have E (a : R) : tanh a = 2 * sigmoid (2 * a) + (-1).
  by have := tanh_as_sigmoid 1 a; rewrite !mul1r => <-; rewrite addrAC subrr add0r.
have -> : tanh = fun a : R => 2 * sigmoid (2 * a) + cst (-1) a by apply/funext => a; apply: E.
have S := chain (derive_multiple x 2) (derive_sigmoid _) erefl.
have T := chain S (derive_multiple _ 2) erefl.
apply: (derivative_is (derive_plus T (is_derive_cst _ _ _))).
by rewrite addr0 /cst /=; ring.
Qed.

(* rule: the derivative of the log of the sigmoid *)
Theorem derive_logsigmoid (R : realType) (x : R) : is_derive x 1 logsigmoid (1 - sigmoid x).
Proof.
apply: (chain (derive_sigmoid x) (derive_log (sigmoid_positive x))).
by rewrite mulrA mulVf ?mul1r // gt_eqF ?sigmoid_positive.
Qed.

(* -- sine and cosine -------------------------------------------------------------------------- *)

(* rule: the derivative of sine *)
Theorem derive_sin (R : realType) (x : R) : is_derive x 1 (@sin R) (cos x).
Proof. exact: is_derive_sin. Qed.

(* rule: the derivative of cosine *)
Theorem derive_cos (R : realType) (x : R) : is_derive x 1 (@cos R) (- sin x).
Proof. exact: is_derive_cos. Qed.

(* -- the error function: mathcomp has none, so that its derivative is a hypothesis ------------ *)

(* rule: the derivative of erfc, given that of erf *)
Theorem derive_erfc (R : realType) (erf : R -> R) (x d : R) :
  is_derive x 1 erf d -> is_derive x 1 (erfc erf) (- d).
Proof.
move=> e; have m := chain e (derive_minus _) erefl.
by apply: (chain m (derive_shift _ 1)); rewrite mul1r mulN1r.
Qed.

(* rule: the derivative of the log of erfc, given that of erf *)
Theorem derive_logerfc (R : realType) (erf : R -> R) (x d : R) :
  0 < erfc erf x -> is_derive x 1 erf d -> is_derive x 1 (logerfc erf) (- d / erfc erf x).
Proof.
by move=> e0 e; apply: (chain (derive_erfc e) (derive_log e0)); rewrite mulrC.
Qed.

(* rule: the derivative of erfcx, given that of erf *)
Theorem derive_erfcx (R : realType) (erf : R -> R) (x c : R) :
  is_derive x 1 erf (c * expR (- x ^+ 2)) ->
  is_derive x 1 (erfcx erf) (2 * x * erfcx erf x - c).
Proof.
move=> e; have q : is_derive x 1 (fun t : R => t ^+ 2) (2 * x).
  by apply: (derivative_is (derive_natural_power 1 x)); rewrite expr1.
have s := chain q (derive_exp _) erefl.
apply: (derivative_is (derive_times s (derive_erfc e))).
rewrite /erfcx expRN; have e0 := exp_not0 (x ^+ 2).
by field.
Qed.
