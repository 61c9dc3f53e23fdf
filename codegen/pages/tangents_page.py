"""Forward mode and second derivatives of a layer as an HTML page beside that of its gradients."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.pages.copying import copying
from pullback.codegen.pages.links import Links
from pullback.codegen.pages.listing import Module
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.page_base import FORWARD, PageBase
from pullback.codegen.pages.page_steps import Steps
from pullback.codegen.pages.setting import Context, Setting, render


def tangents_page(outlines: Outlines, module: Module, links: Links) -> str:
    """The page of a layer's tangents, with the functions of a module that compute them."""
    made = TangentsPage(Setting(outlines), (module,), links)
    return render("tangents_page.html.j2", **made.context())


@dataclass(frozen=True)
class TangentsPage(PageBase):
    """What the template is filled with."""

    def context(self) -> Context:
        """Every key of the template."""
        (module,) = self.modules
        listing = self.listing(module, "code", FORWARD)
        steps = Steps(self.setting, listing.address_of)
        return {
            **self.head(),
            "equations": [self.setting.equation(n) for n in self.layer.nodes],
            "tangents": self.forward_mode(steps),
            "copying": copying((), self.typed_tangents),
            "listing": listing.context(),
            "laws": self.laws(self.of_tangents),
        }
