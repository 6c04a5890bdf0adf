import CPareKernels
import PareGraph
import PareTensor

/// Operators that take each element by itself.
///
/// Bound: Add, Sub, Mul, Div, Neg, Relu, LeakyRelu, Clip and the copies equal the reference to the bit. Exp, Sigmoid and Tanh are
/// within 4 units in the last place of the true value (`KernelTests`); the gradients of Sigmoid and Tanh round up to
/// three times.
enum ElementwiseForms {
  static func binary(_ kernel: KeyPath<pare_elementwise_kernels, pare_binary_f32?> & Sendable) -> FastForm {
    { context, kernels in
      guard context.isFloat32, let call = kernels.elementwise[keyPath: kernel].map({ KernelPointer($0) }),
        let walk = try BroadcastWalk(
          left: context.input(0).shape, right: context.input(1).shape, result: context.outputs[0].shape)
      else { return nil }
      return { buffers in
        call.call(
          walk.left(buffers.input(0)), walk.right(buffers.input(1)), buffers.output(), walk.rows, walk.columns)
      }
    }
  }

  static func unary(_ kernel: KeyPath<pare_elementwise_kernels, pare_unary_f32?> & Sendable) -> FastForm {
    { context, kernels in
      guard context.isFloat32, let call = kernels.elementwise[keyPath: kernel].map({ KernelPointer($0) }) else { return nil }
      let count = context.outputs[0].shape.elementCount
      return { call.call($0.input(0), $0.output(), count) }
    }
  }

  static let leakyRelu: FastForm = { context, kernels in
    guard context.isFloat32, let call = kernels.elementwise.leaky_relu.map({ KernelPointer($0) }) else { return nil }
    let count = context.outputs[0].shape.elementCount
    let slope = Float(try context.node.float("alpha", default: 0.01))
    return { call.call($0.input(0), slope, $0.output(), count) }
  }

  /// Inputs: dY and the input X.
  static let leakyReluGradient: FastForm = { context, kernels in
    guard context.isFloat32, let call = kernels.elementwise.leaky_relu_gradient.map({ KernelPointer($0) }) else {
      return nil
    }
    let count = context.outputs[0].shape.elementCount
    let slope = Float(try context.node.float("alpha", default: 0.01))
    return { call.call($0.input(0), $0.input(1), slope, $0.output(), count) }
  }

  static let clip: FastForm = { context, kernels in
    guard context.isFloat32, let clip = kernels.elementwise.clip.map({ KernelPointer($0) }) else { return nil }
    let count = context.outputs[0].shape.elementCount
    let (hasLow, hasHigh) = (context.has(1), context.has(2))
    return { buffers in
      let low = hasLow ? buffers.input(1, as: Float.self).pointee : -.infinity
      let high = hasHigh ? buffers.input(2, as: Float.self).pointee : .infinity
      clip.call(buffers.input(0), low, high, buffers.output(), count)
    }
  }

  /// The same bytes under another name or shape.
  static let copy: FastForm = { context, _ in
    let byteCount = context.outputs[0].byteCount
    return { buffers in
      UnsafeMutableRawPointer(buffers.output(as: UInt8.self))
        .copyMemory(from: buffers.input(0, as: UInt8.self), byteCount: byteCount)
    }
  }
}

/// A kernel's address. C functions without state may be called from anywhere.
struct KernelPointer<Function>: @unchecked Sendable {
  let call: Function

  init(_ function: Function) {
    call = function
  }
}

/// How two broadcast operands are walked as a matrix: rows at a stride each, and in a row either every element or the
/// same one again.
struct BroadcastWalk: Sendable {
  private struct Strides: Sendable {
    var row: Int
    var column: Int

    func operand(_ values: UnsafePointer<Float>) -> pare_operand_f32 {
      pare_operand_f32(values: values, row_stride: row, column_stride: column)
    }
  }

  let rows: Int
  let columns: Int
  private let leftStrides: Strides
  private let rightStrides: Strides

  /// Nil where the operands need more than two loops.
  init?(left: Shape, right: Shape, result: Shape) {
    // Neighbouring axes that both operands walk alike become one.
    typealias Axis = (extent: Int, left: Int, right: Int)
    var axes: [Axis] = []
    let (leftSteps, rightSteps) = (Self.steps(of: left, in: result), Self.steps(of: right, in: result))
    for axis in 0..<result.rank where result[axis] != 1 {
      let (extent, l, r) = (result[axis], leftSteps[axis], rightSteps[axis])
      if let last = axes.last, last.left == l * extent, last.right == r * extent {
        axes[axes.count - 1] = (last.extent * extent, l, r)
      } else {
        axes.append((extent, l, r))
      }
    }
    guard axes.count <= 2 else { return nil }
    let single: Axis = (1, 0, 0)
    let inner = axes.last ?? single
    let outer = axes.count == 2 ? axes[0] : single
    (rows, columns) = (outer.extent, inner.extent)
    leftStrides = Strides(row: outer.left, column: inner.left)
    rightStrides = Strides(row: outer.right, column: inner.right)
    guard inner.left <= 1, inner.right <= 1 else { return nil }
  }

  @inline(__always)
  func left(_ values: UnsafePointer<Float>) -> pare_operand_f32 { leftStrides.operand(values) }

  @inline(__always)
  func right(_ values: UnsafePointer<Float>) -> pare_operand_f32 { rightStrides.operand(values) }

  /// Elements between neighbours along each axis of the result; 0 where the operand is repeated.
  private static func steps(of operand: Shape, in result: Shape) -> [Int] {
    let (own, missing) = (operand.strides, result.rank - operand.rank)
    return (0..<result.rank).map { $0 < missing || operand[$0 - missing] == 1 ? 0 : own[$0 - missing] }
  }
}

extension FastForms {
  static let elementwise: [OperatorName: FastForm] = [
    "Add": ElementwiseForms.binary(\.add),
    "Sub": ElementwiseForms.binary(\.subtract),
    "Mul": ElementwiseForms.binary(\.multiply),
    "Div": ElementwiseForms.binary(\.divide),
    "pare.ReluGradient": ElementwiseForms.binary(\.relu_gradient),
    "pare.SigmoidGradient": ElementwiseForms.binary(\.sigmoid_gradient),
    "pare.TanhGradient": ElementwiseForms.binary(\.tanh_gradient),
    "Neg": ElementwiseForms.unary(\.negate),
    "Relu": ElementwiseForms.unary(\.relu),
    "Exp": ElementwiseForms.unary(\.exponential),
    "Tanh": ElementwiseForms.unary(\.tanh),
    "Sigmoid": ElementwiseForms.unary(\.sigmoid),
    "LeakyRelu": ElementwiseForms.leakyRelu,
    "pare.LeakyReluGradient": ElementwiseForms.leakyReluGradient,
    "Clip": ElementwiseForms.clip,
    "Identity": ElementwiseForms.copy,
    "Reshape": ElementwiseForms.copy,
    "Flatten": ElementwiseForms.copy,
  ]
}
