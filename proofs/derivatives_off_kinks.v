(* Derivatives of what is not smooth, off its kinks, and of real powers. *)
From mathcomp Require Import all_ssreflect ssralg ssrnum ssrint order ring.
From mathcomp.classical Require Import boolp classical_sets functions.
From mathcomp.analysis Require Import reals topology normedtype derive realfun sequences exp.
From Pullback Require Import meaning rules rules_brackets rules_functions exponentials
  derivatives derivatives_of_functions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory numFieldNormedType.Exports.
Local Open Scope ring_scope.
Local Open Scope classical_set_scope.

(* -- what is the same near a point has the same derivative there ------------------------------ *)

Fact derive_near (R : realType) (f g : R -> R) (x d : R) :
  (\forall t \near x, f t = g t) -> is_derive x 1 f d -> is_derive x 1 g d.
Proof.
move=> fg [fx fd]; have fgx : f x = g x := nbhs_singleton fg.
have [/= e e0 ball_e] := (nbhs_ballP _ _).1 fg.
have D : h^-1 *: ((g \o shift x) (h *: (1 : R)) - g x) @[h --> 0^'] --> d.
  rewrite -fd; apply: cvg_trans fx; apply: near_eq_cvg; near=> h.
  rewrite /= -fgx; congr (_ *: (_ - _)); apply: ball_e.
  rewrite /ball /= opprD addrCA subrr addr0 normrN /GRing.scale /= mulr1.
  by near: h; apply: dnbhs0_lt.
have E := cvg_lim (@Rhausdorff R) D.
by split; [apply: cvgP D | exact: E].
Unshelve. all: by end_near. Qed.

Fact near_positive (R : realType) (f : R -> R) (x d : R) :
  is_derive x 1 f d -> 0 < f x -> \forall t \near x, 0 < f t.
Proof.
move=> [fx _] f0; have c : {for x, continuous f}.
  exact/differentiable_continuous/derivable1_diffP.
exact: (cvgr_gt _ c).
Qed.

Fact near_positive_along (R : realType) (J : eqType) (F : (J -> R) -> R) (x : J -> R) m (d : R) :
  partial F x m d -> 0 < F x -> \forall t \near (0 : R), 0 < F (moved x m t).
Proof. by move=> Fd F0; apply: near_positive Fd _; rewrite moved_not. Qed.

Fact partial_near (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d : R) :
  (\forall t \near (0 : R), F (moved x m t) = G (moved x m t)) ->
  partial F x m d -> partial G x m d.
Proof. exact: derive_near. Qed.

Fact partial_minus (R : realType) (J : eqType) (F : (J -> R) -> R) (x : J -> R) m (d : R) :
  partial F x m d -> partial (fun x => - F x) x m (- d).
Proof. by move=> Fd; have := partial_chain (derive_minus (F x)) Fd; rewrite mulN1r. Qed.

Fact partial_less (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d e : R) :
  partial F x m d -> partial G x m e -> partial (fun x => F x - G x) x m (d - e).
Proof. by move=> Fd Ge; apply: partial_add Fd (partial_minus Ge). Qed.

(* -- cases, brackets, max, min, |x| ----------------------------------------------------------- *)

(* rule: the derivative of a choice, where its condition does not change near x *)
Theorem partial_where (R : realType) (J : eqType) (c : (J -> R) -> bool) (F G : (J -> R) -> R)
    (x : J -> R) m (d e : R) :
  (\forall t \near (0 : R), c (moved x m t) = c x) ->
  partial F x m d -> partial G x m e ->
  partial (fun x => if c x then F x else G x) x m (if c x then d else e).
Proof.
move=> same Fd Ge; case: ifP => cx.
  by apply: (partial_near _ Fd); apply: filterS same => t ->; rewrite cx.
by apply: (partial_near _ Ge); apply: filterS same => t ->; rewrite cx.
Qed.

(* rule: the derivative of a bracket, where its condition does not change near x *)
Theorem partial_condition (R : realType) (J : eqType) (c : (J -> R) -> bool) (x : J -> R) m :
  (\forall t \near (0 : R), c (moved x m t) = c x) -> partial (fun x => ⟦c x⟧) x m 0.
Proof.
move=> same; apply: (partial_near _ (partial_constant x m ⟦c x⟧)).
by apply: filterS same => t ->.
Qed.

(* rule: the derivative of a bracket of a comparison, off its kink *)
Theorem partial_bracket (R : realType) (J : eqType) (F : (J -> R) -> R) (x : J -> R) m (d : R) :
  F x != 0 -> partial F x m d -> partial (fun x => ⟦0 < F x⟧) x m 0.
Proof.
move=> F0 Fd; have [Fx|Fx|Fx] := ltrgtP (F x) 0; last by rewrite Fx eqxx in F0.
  apply: (partial_near _ (partial_constant x m 0)).
  have := near_positive_along (partial_minus Fd); rewrite oppr_gt0 => /(_ Fx).
  by apply: filterS => t; rewrite oppr_gt0 => /ltW/le_gtF ->.
apply: (partial_near _ (partial_constant x m 1)).
by apply: filterS (near_positive_along Fd Fx) => t ->.
Qed.

(* rule: the derivative of the larger of two, off ties *)
Theorem partial_max (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d e : R) :
  F x != G x -> partial F x m d -> partial G x m e ->
  partial (fun x => Num.max (F x) (G x)) x m (⟦G x < F x⟧ * d + ⟦F x < G x⟧ * e).
Proof.
move=> FG Fd Ge; have [FG'|FG'|/eqP] := ltrgtP (F x) (G x); last by rewrite (negbTE FG).
  rewrite mul0r add0r mul1r; apply: (partial_near _ Ge).
  have := near_positive_along (partial_less Ge Fd); rewrite subr_gt0 => /(_ FG').
  by apply: filterS => t; rewrite subr_gt0 => /ltW/max_r.
rewrite mul0r addr0 mul1r; apply: (partial_near _ Fd).
have := near_positive_along (partial_less Fd Ge); rewrite subr_gt0 => /(_ FG').
by apply: filterS => t; rewrite subr_gt0 => /ltW/max_l.
Qed.

(* rule: the derivative of the smaller of two, off ties *)
Theorem partial_min (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d e : R) :
  F x != G x -> partial F x m d -> partial G x m e ->
  partial (fun x => Num.min (F x) (G x)) x m (⟦F x < G x⟧ * d + ⟦G x < F x⟧ * e).
Proof.
move=> FG Fd Ge; have [FG'|FG'|/eqP] := ltrgtP (F x) (G x); last by rewrite (negbTE FG).
  rewrite mul0r addr0 mul1r; apply: (partial_near _ Fd).
  have := near_positive_along (partial_less Ge Fd); rewrite subr_gt0 => /(_ FG').
  by apply: filterS => t; rewrite subr_gt0 => /ltW/min_l.
rewrite mul0r add0r mul1r; apply: (partial_near _ Ge).
have := near_positive_along (partial_less Fd Ge); rewrite subr_gt0 => /(_ FG').
by apply: filterS => t; rewrite subr_gt0 => /ltW/min_r.
Qed.

(* rule: the derivative of |x|, off 0 *)
Theorem derive_abs (R : realType) (x : R) :
  x != 0 -> is_derive x 1 (fun t : R => `|t|) (Num.sg x).
Proof.
move=> x0; have [xn|xp|xE] := ltrgtP x 0; last by rewrite xE eqxx in x0.
  rewrite ltr0_sg //; apply: (derive_near _ (derive_minus x)).
  have := near_positive (derive_minus x); rewrite oppr_gt0 => /(_ xn).
  by apply: filterS => t; rewrite oppr_gt0 => /ltr0_norm ->.
rewrite gtr0_sg //; apply: (derive_near _ (is_derive_id x 1)).
by apply: filterS (near_positive (is_derive_id x 1) xp) => t /gtr0_norm ->.
Qed.

(* rule: the derivative of the sign, off 0 *)
Theorem derive_sign (R : realType) (x : R) :
  x != 0 -> is_derive x 1 (fun t : R => Num.sg t) 0.
Proof.
move=> x0; have [xn|xp|xE] := ltrgtP x 0; last by rewrite xE eqxx in x0.
  apply: (derive_near _ (is_derive_cst (-1 : R) x 1)).
  have := near_positive (derive_minus x); rewrite oppr_gt0 => /(_ xn).
  by apply: filterS => t; rewrite oppr_gt0 => /ltr0_sg ->.
apply: (derive_near _ (is_derive_cst (1 : R) x 1)).
by apply: filterS (near_positive (is_derive_id x 1) xp) => t /gtr0_sg ->.
Qed.

(* -- extreme values over an axis -------------------------------------------------------------- *)

Fact near_place (R : realType) (J : eqType) n (F : 'I_n.+1 -> (J -> R) -> R) (x : J -> R) m
    (d : 'I_n.+1 -> R) (l : 'I_n.+1) :
  (forall j, j != l -> F j x < F l x) -> (forall i, partial (F i) x m (d i)) ->
  \forall t \near (0 : R), place_of_largest (fun i => F i (moved x m t)) = l.
Proof.
move=> top Fd; have near_top j : \forall t \near (0 : R),
    j != l -> F j (moved x m t) < F l (moved x m t).
  have [->|/top jl] := eqVneq j l; first exact: filterE.
  have := near_positive_along (partial_less (Fd l) (Fd j)); rewrite subr_gt0 => /(_ jl).
  by apply: filterS => t; rewrite subr_gt0.
have above : \forall t \near (0 : R), forall j, j != l -> F j (moved x m t) < F l (moved x m t).
  exact: filter_forall near_top.
apply: (filterS _ above) => t {}above; symmetry; apply/place_of_largest_unique; split=> j.
  by have [->//|/above/ltW] := eqVneq j l.
by move=> jl; apply: above; rewrite -val_eqE ltn_eqF.
Qed.

(* rule: the derivative of an entry at the place of the largest, off ties *)
Theorem partial_at_place (R : realType) (J : eqType) n (F G : 'I_n.+1 -> (J -> R) -> R)
    (x : J -> R) m (d e : 'I_n.+1 -> R) (l : 'I_n.+1) :
  (forall j, j != l -> F j x < F l x) -> (forall i, partial (F i) x m (d i)) ->
  (forall i, partial (G i) x m (e i)) ->
  partial (fun x => G (place_of_largest (fun i => F i x)) x) x m
    (e (place_of_largest (fun i => F i x))).
Proof.
move=> top Fd Ge; have := near_place top Fd => place.
have := nbhs_singleton place; rewrite moved_not => ->; apply: (partial_near _ (Ge l)).
by apply: filterS place => t ->.
Qed.

(* rule: the derivative of the largest over an axis, off ties *)
Theorem partial_largest (R : realType) (J : eqType) n (F : 'I_n.+1 -> (J -> R) -> R)
    (x : J -> R) m (d : 'I_n.+1 -> R) (l : 'I_n.+1) :
  (forall j, j != l -> F j x < F l x) -> (forall i, partial (F i) x m (d i)) ->
  partial (fun x => largest (fun i => F i x)) x m
    (\sum_i ⟦i == place_of_largest (fun i => F i x)⟧ * d i).
Proof.
move=> top Fd; rewrite delta_sum; apply: (partial_near _ (partial_at_place top Fd Fd)).
by apply: filterE => t; rewrite largest_at_place.
Qed.

(* rule: the derivative of the smallest over an axis, off ties *)
Theorem partial_smallest (R : realType) (J : eqType) n (F : 'I_n.+1 -> (J -> R) -> R)
    (x : J -> R) m (d : 'I_n.+1 -> R) (l : 'I_n.+1) :
  (forall j, j != l -> F l x < F j x) -> (forall i, partial (F i) x m (d i)) ->
  partial (fun x => smallest (fun i => F i x)) x m
    (\sum_i ⟦i == place_of_smallest (fun i => F i x)⟧ * d i).
Proof.
move=> low Fd; have low' j : j != l -> - F j x < - F l x by move=> jl; rewrite ltr_opp2 low.
have := partial_minus (partial_largest low' (fun i => partial_minus (Fd i))).
rewrite -sumrN; under eq_bigr do rewrite mulrN opprK.
rewrite (_ : (fun x => - _) = fun x => smallest (fun i => F i x)) //.
by apply/funext => z; rewrite smallest_by_largest.
Qed.

(* -- roots and real powers -------------------------------------------------------------------- *)

(* rule: the derivative of a power whose base and exponent both run *)
Theorem partial_power (R : realType) (J : eqType) (F G : (J -> R) -> R) (x : J -> R) m (d e : R) :
  0 < F x -> partial F x m d -> partial G x m e ->
  partial (fun x => power (F x) (G x)) x m
    (G x * power (F x) (G x - 1) * d + power (F x) (G x) * ln (F x) * e).
Proof.
move=> F0 Fd Ge.
have P := partial_chain (derive_exp _) (partial_product Ge (partial_chain (derive_log F0) Fd)).
have H : partial (fun x => power (F x) (G x)) x m _ := partial_near _ P.
apply: derivative_is (H _) _.
  by apply: filterS (near_positive_along Fd F0) => t /power_exponential ->.
rewrite power_exponential // -power_over_base //.
by move: (power _ _) ((F x)^-1) => p u; ring.
Qed.

(* rule: the derivative of a real power *)
Theorem derive_power (R : realType) (p x : R) :
  0 < x -> is_derive x 1 (fun t : R => power t p) (p * power x (p - 1)).
Proof.
move=> x0; have P := chain (chain (derive_log x0) (derive_multiple _ p) erefl) (derive_exp _) erefl.
apply: derivative_is (derive_near _ P) _.
  by apply: filterS (near_positive (is_derive_id x 1) x0) => t /power_exponential ->.
by rewrite /= power_exponential // -power_over_base //; move: (power _ _) (x^-1) => q u; ring.
Qed.

(* rule: the derivative of a root *)
Theorem derive_root (R : realType) (x : R) :
  0 < x -> is_derive x 1 (@Num.sqrt R) (2 * Num.sqrt x)^-1.
Proof.
move=> x0; apply: derivative_is (derive_near _ (derive_power 2^-1 x0)) _.
  by apply: filterS (near_positive (is_derive_id x 1) x0) => t /ltW /power_is_root ->.
rewrite -power_over_base // power_is_root ?ltW // -{2}(root_square (ltW x0)).
have s0 : Num.sqrt x != 0 by rewrite gt_eqF ?sqrtr_gt0.
by field.
Qed.
