(* What the words of the language mean, where mathcomp has no name for it. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum order.
From mathcomp.classical Require Import boolp.
From mathcomp.analysis Require Import constructive_ereal reals sequences exp.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(* A bracket is ⟦c⟧, that is 1 where c holds and else 0; a delta is one, ⟦i == j⟧; where(c, a, b)
   is `if c then a else b`; max, min, |x| and sign are Num.max, Num.min, `|x| and Num.sg. *)
Notation "⟦ c ⟧" := ((nat_of_bool c%R)%:R)
  (at level 0, c at level 200, format "⟦ c ⟧") : ring_scope.

(* -- extreme values over an axis: the first place holds them at a tie ------------------------- *)

Section Extremes.
Variables (R : realDomainType) (n : nat).
Implicit Type a : 'I_n.+1 -> R.

Definition is_largest a (i : 'I_n.+1) := [forall j, a j <= a i].
Definition place_of_largest a : 'I_n.+1 :=
  [arg min_(i < [arg max_(i > ord0) a i]%O | is_largest a i) (i : nat)]%N.
Definition place_of_smallest a : 'I_n.+1 := place_of_largest (fun i => - a i).
Definition largest a := \big[Num.max/a ord0]_i a i.
Definition smallest a := \big[Num.min/a ord0]_i a i.
End Extremes.

(* -- functions of one variable ---------------------------------------------------------------- *)

Section Functions.
Variable R : realType.
Implicit Types a p x : R.

Definition log1p x : R := ln (1 + x).
Definition expm1 x : R := expR x - 1.
Definition sigmoid x : R := (1 + expR (- x))^-1.
Definition logsigmoid x : R := ln (sigmoid x).
Definition tanh x : R := (expR x - expR (- x)) / (expR x + expR (- x)).

(* a to a real power: a number where a is above 0, and at 0 the limit from above *)
Definition power a p : R := if a == 0 then (p == 0)%:R else expR (p * ln a).

(* for any erf, as mathcomp has none; theorems say which of its properties they need *)
Definition erfc (erf : R -> R) x : R := 1 - erf x.
Definition erfcx (erf : R -> R) x : R := expR (x ^+ 2) * erfc erf x.
Definition logerfc (erf : R -> R) x : R := ln (erfc erf x).

(* exponents and logs with -oo: exp(-oo) = 0, log(0) = -oo, and where(c, a, -oo) *)
Definition exp_from (a : \bar R) : R := if a is EFin r then expR r else 0.
Definition log_from x : \bar R := if x == 0 then -oo%E else (ln x)%:E.
Definition masked (c : bool) a : \bar R := if c then a%:E else -oo%E.
End Functions.

Arguments log1p {R} x. Arguments expm1 {R} x. Arguments sigmoid {R} x.
Arguments logsigmoid {R} x. Arguments tanh {R} x. Arguments power {R} a p.
