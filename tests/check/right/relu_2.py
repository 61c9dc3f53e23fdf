def backward(dh, u):
    du = dh.copy()
    du[u <= 0] = 0
    return {"u": du}
