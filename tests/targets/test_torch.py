"""PyTorch's own checks of modules for it: gradients, gradients of gradients, vmap, compile."""

import numpy as np
import pytest

import pullback
from generated import mlp
from tests.shipped import derived
from tests.targets.making import EACH, inputs, module, own

torch = pytest.importorskip("torch", reason="PyTorch is not installed; make targets has it")


def given(name, **more):
    """The module, its inputs as tensors, and those that gradients are by."""
    made = module(name, "torch")
    sizes = {*map(str, derived(name).layer.arguments)}
    drawn = inputs(name, **more).items()
    tensors = {n: int(v) if n in sizes else torch.as_tensor(v) for n, v in drawn}
    return made, tensors, [tensors[n].clone().requires_grad_() for n in made.WANTED]


def of_wanted(made, tensors):
    """The layer as a function of the inputs that gradients are by."""
    return lambda *values: made.apply(**tensors | dict(zip(made.WANTED, values, strict=True)))


@pytest.mark.parametrize("name", EACH)
def test_gradcheck_and_gradgradcheck(name):
    made, tensors, wanted = given(name)
    function = of_wanted(made, tensors)
    assert torch.autograd.gradcheck(function, wanted, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, wanted, fast_mode=True)


@pytest.mark.parametrize("name", EACH)
def test_vmap_of_grad(name):
    made, tensors, wanted = given(name)
    function = of_wanted(made, tensors)
    batches = [torch.stack([v.detach(), v.detach() * 1.01]) for v in wanted]
    arguments = tuple(range(len(wanted)))
    gradient = torch.func.grad(lambda *v: function(*v).sum(), argnums=arguments)
    found = torch.vmap(gradient)(*batches)
    each = [gradient(*(b[k] for b in batches)) for k in range(2)]
    for together, apart in zip(found, zip(*each, strict=True), strict=True):
        top = float(torch.stack(apart).abs().max())
        torch.testing.assert_close(together, torch.stack(apart), rtol=1e-9, atol=1e-12 * (1 + top))


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # its own
@pytest.mark.parametrize("name", EACH)
def test_compile_takes_the_whole_graph(name):
    torch._dynamo.reset()
    made, tensors, wanted = given(name)
    function = of_wanted(made, tensors)
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    found = torch.autograd.grad(compiled(*wanted).sum(), wanted)
    plain = torch.autograd.grad(function(*wanted).sum(), wanted)
    for a, b in zip(found, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def test_second_derivatives_are_those_of_numpys_hvp():
    """What is kept between forward and backward is no constant there."""
    made, tensors, wanted = given("mlp")
    rng = np.random.default_rng(3)
    along = [rng.normal(size=tuple(v.shape)) for v in wanted]
    gradients = torch.autograd.grad(of_wanted(made, tensors)(*wanted), wanted, create_graph=True)
    total = sum((g * torch.as_tensor(v)).sum() for g, v in zip(gradients, along, strict=True))
    found = torch.autograd.grad(total, wanted)
    exact = mlp.hvp(tuple(v.numpy()[()] for v in tensors.values()), tuple(along))
    for a, b in zip(found, exact, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-11, atol=1e-13)


def test_a_module_has_parameters_by_name():
    made, tensors, _ = given("mlp")
    names = ("W", "c", "w", "b")
    net = made.Module(**{n: tensors[n] for n in names})
    assert [*net.state_dict()] == [*names]
    loss = net(tensors["x"], tensors["y"], tensors["lamda"])
    torch.testing.assert_close(loss, made.apply(**tensors), rtol=0, atol=0)
    before = loss.item()
    descent = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        descent.zero_grad()
        loss = net(tensors["x"], tensors["y"], lamda=tensors["lamda"])
        loss.backward()
        descent.step()
    assert loss.item() < before
    other = made.Module(**{n: torch.zeros_like(tensors[n]) for n in names})
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(other.W, net.W)


def test_a_module_says_what_is_wrong():
    made, tensors, _ = given("mlp")
    with pytest.raises(TypeError, match="'V' is no input; there are x, W, c, w, b, y, lamda"):
        made.Module(V=tensors["W"])
    net = made.Module(W=tensors["W"])
    with pytest.raises(TypeError, match="1 inputs are given; wanted are x, c, w, b, y, lamda"):
        net(tensors["x"])
    own_names = own("L = sum(n, half[n]**2)", "torch")
    with pytest.raises(ValueError, match="'half' is an attribute of a module"):
        own_names.Module(half=torch.ones(3))


@pytest.mark.parametrize(("dtype", "digits"), [(torch.float16, 4e-3), (torch.bfloat16, 3e-2)])
@pytest.mark.parametrize("name", ["relu", "softmax", "layer_norm", "gelu"])
def test_floats_of_two_bytes(name, dtype, digits):
    """To the digits that such floats have, as docs/targets.md says."""
    made, tensors, _ = given(name)
    short = {n: v.to(dtype) if v.is_floating_point() else v for n, v in tensors.items()}
    exact = made.apply(**{n: v.double() if v.is_floating_point() else v for n, v in short.items()})
    found = made.apply(**short)
    assert found.dtype == dtype
    top = float(exact.abs().max())
    torch.testing.assert_close(found.double(), exact, rtol=digits, atol=digits * top)


def test_a_module_is_had_at_once():
    made = pullback.compile("gelu", target="torch")
    x = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(made.apply(x).sum(), x)
    (wanted,) = torch.autograd.grad(torch.nn.functional.gelu(x).sum(), x)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)


def test_a_wrong_shape_is_refused():
    made, tensors, _ = given("mlp")
    with pytest.raises(ValueError, match=r"W has shape .*, wanted is"):
        made.apply(**tensors | {"W": tensors["W"][:-1]})
