import PareTensor
import RealModule

/// `(Σ |x|ᵖ)^(1/p)` over the elements under a window.
protocol NormPool: PoolOperator {}

extension NormPool {
  private static func power(_ node: Node) throws -> Int {
    let p = try node.int("p", default: 2)
    guard (1...Int(Int32.max)).contains(p) else {
      throw GraphError("attribute", node: node, expected: "'p' to be at least 1", found: "\(p)")
    }
    return p
  }

  static func fold<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (PoolWindow<Scalar>) -> Scalar {
    switch try power(node) {
    case 1: return { $0.fold(0) { $0 + $1.magnitude } }
    case 2: return { $0.fold(0) { $0 + $1 * $1 }.squareRoot() }
    case let p: return { Scalar.root($0.fold(0) { $0 + Scalar.pow($1.magnitude, p) }, p) }
    }
  }

  /// `sign(x) · (|x| / y)^(p − 1)`; nothing where the norm is 0.
  static func spread<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar, PoolWindow<Scalar>, UnsafeMutablePointer<Scalar>) -> Void {
    let p = try power(node)
    return { dy, y, window, dx in
      guard y != 0 else { return }
      window.forEach { offset in
        let x = window.plane[offset]
        guard x != 0 else { return }
        let slope = Scalar.pow(x.magnitude / y, p - 1)
        dx[offset] += x < 0 ? -dy * slope : dy * slope
      }
    }
  }
}

/// The p-norm of the elements under a window. Source: ONNX LpPool.
public enum LpPool: NormPool {
  public static let name: OperatorName = "LpPool"
  public static let attributeNames = WindowAttributes.names + ["ceil_mode", "p"]
}

/// The p-norm of each plane. Source: ONNX GlobalLpPool.
public enum GlobalLpPool: NormPool {
  public static let name: OperatorName = "GlobalLpPool"
  public static let attributeNames = ["p"]
  static let isGlobal = true
}
