def backward(x, t):
    r = x - t
    dx = 2 * r / r.size
    return {"x": dx}
