def backward(dout, u):
    du = dout * (u > 0)
    return du
