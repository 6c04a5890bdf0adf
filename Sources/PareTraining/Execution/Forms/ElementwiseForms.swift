import CPareKernels
import PareGraph
import PareTensor

/// Operators that take each element by itself.
///
/// Bounds, with u = 2⁻²⁴ (`KernelTests`, `ActivationKernelTests`):
/// - Add, Sub, Mul, Div, Neg, Abs, Sqrt, Reciprocal, squares, Min, Max, Where, Relu, LeakyRelu, Clip, HardSigmoid, HardSwish,
///   Dropout, their gradients and the copies equal the reference to the bit.
/// - Log is within 2 units in the last place of the true value; Exp, Sigmoid, Tanh, Erf, Elu and Softplus within 4, Mish,
///   Swish and Gelu within 8; Gelu by tanh within 2u · (1 + |X|).
/// - The gradients of Sigmoid, Tanh and Reciprocal round up to four times; those of Elu, Softplus and Erf are within 5 units
///   in the last place; those of Gelu within 8u · |dY|, by tanh 16u · |dY|, of Mish and Swish 32u · |dY|.
enum ElementwiseForms {
  static func binary(_ kernel: KeyPath<pare_elementwise_kernels, pare_binary_f32?> & Sendable) -> FastForm {
    { context, kernels in
      guard context.isFloat32, let call = kernels.elementwise[keyPath: kernel].map({ KernelPointer($0) }) else { return nil }
      let walk = BroadcastWalk([try context.input(0).shape, try context.input(1).shape], result: context.outputs[0].shape)
      return { buffers in
        let (a, b) = (buffers.input(0, as: Float.self), buffers.input(1, as: Float.self))
        let y = buffers.output(as: Float.self)
        walk.forEachMatrix { matrix in
          call.call(walk.operand(0, a, matrix), walk.operand(1, b, matrix), y + matrix.result, walk.rows, walk.columns)
        }
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

  /// An activation with up to two numbers as attributes.
  static func parametric(
    _ kernel: KeyPath<pare_elementwise_kernels, pare_parametric_f32?> & Sendable, _ parameters: ActivationParameters
  ) -> FastForm {
    { context, kernels in
      guard context.isFloat32, let call = kernels.elementwise[keyPath: kernel].map({ KernelPointer($0) }) else { return nil }
      let count = context.outputs[0].shape.elementCount
      let (alpha, beta) = try parameters.values(context.node)
      return { call.call($0.input(0), alpha, beta, $0.output(), count) }
    }
  }

  /// The gradient of one; inputs: dY and X.
  static func parametricGradient(
    _ kernel: KeyPath<pare_elementwise_kernels, pare_parametric_gradient_f32?> & Sendable,
    _ parameters: ActivationParameters
  ) -> FastForm {
    { context, kernels in
      guard context.isFloat32, let call = kernels.elementwise[keyPath: kernel].map({ KernelPointer($0) }) else { return nil }
      let count = context.outputs[0].shape.elementCount
      let (alpha, beta) = try parameters.values(context.node)
      return { call.call($0.input(0), $0.input(1), alpha, beta, $0.output(), count) }
    }
  }

  /// One form or the other, as Gelu's attribute `approximate` says.
  static func gelu(exact: @escaping FastForm, byTanh: @escaping FastForm) -> FastForm {
    { context, kernels in
      let approximation = try context.node.string("approximate", default: "none")
      return try (approximation == "tanh" ? byTanh : exact)(context, kernels)
    }
  }

  /// Powers by a constant 2, and their gradient (`exponentInput` is 2 then).
  static func square(exponentInput: Int, _ form: @escaping FastForm) -> FastForm {
    { context, kernels in
      guard let exponent = context.constant(exponentInput), exponent.elementCount == 1, exponent.doubles == [2],
        try context.input(exponentInput - 1) == context.outputs[0]
      else { return nil }
      // A whole exponent of another type is one of the constants that the kernel does without.
      let base = PreparationContext(
        node: context.node, inputs: Array(context.inputs[..<exponentInput]), outputs: context.outputs, constants: [])
      return try form(base, kernels)
    }
  }

  /// Min and Max of two operands.
  static func extreme(_ kernel: KeyPath<pare_elementwise_kernels, pare_binary_f32?> & Sendable) -> FastForm {
    { context, kernels in context.inputs.count == 2 ? try binary(kernel)(context, kernels) : nil }
  }

  static let clipGradient: FastForm = { context, kernels in
    guard context.isFloat32, let call = kernels.elementwise.clip_gradient.map({ KernelPointer($0) }) else { return nil }
    let count = context.outputs[0].shape.elementCount
    let (hasLow, hasHigh) = (context.has(2), context.has(3))
    return { buffers in
      let low = hasLow ? buffers.input(2, as: Float.self).pointee : -.infinity
      let high = hasHigh ? buffers.input(3, as: Float.self).pointee : .infinity
      call.call(buffers.input(0), buffers.input(1), low, high, buffers.output(), count)
    }
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

/// The attributes that an activation's kernel takes as numbers, and what they are where they are not given.
struct ActivationParameters: Sendable {
  let alpha: Double
  let beta: Double

  static let alphaOfOne = ActivationParameters(alpha: 1, beta: 0)
  static let hardSigmoid = ActivationParameters(alpha: 0.2, beta: 0.5)

  func values(_ node: Node) throws -> (alpha: Float, beta: Float) {
    (Float(try node.float("alpha", default: alpha)), Float(try node.float("beta", default: beta)))
  }
}

/// A kernel's address. C functions without state may be called from anywhere.
struct KernelPointer<Function>: @unchecked Sendable {
  let call: Function

  init(_ function: Function) {
    call = function
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
    "Max": ElementwiseForms.extreme(\.maximum),
    "Min": ElementwiseForms.extreme(\.minimum),
    "Where": ElementwiseForms.choice,
    "Neg": ElementwiseForms.unary(\.negate),
    "Abs": ElementwiseForms.unary(\.absolute),
    "pare.AbsGradient": ElementwiseForms.binary(\.absolute_gradient),
    "Sqrt": ElementwiseForms.unary(\.square_root),
    "Reciprocal": ElementwiseForms.unary(\.reciprocal),
    "pare.ReciprocalGradient": ElementwiseForms.binary(\.reciprocal_gradient),
    "Pow": ElementwiseForms.square(exponentInput: 1, ElementwiseForms.unary(\.square)),
    "pare.PowGradient": ElementwiseForms.square(exponentInput: 2, ElementwiseForms.binary(\.square_gradient)),
    "Exp": ElementwiseForms.unary(\.exponential),
    "Log": ElementwiseForms.unary(\.logarithm),
    "Erf": ElementwiseForms.unary(\.error_function),
    "pare.ErfGradient": ElementwiseForms.binary(\.error_function_gradient),
    "Relu": ElementwiseForms.unary(\.relu),
    "LeakyRelu": ElementwiseForms.leakyRelu,
    "pare.LeakyReluGradient": ElementwiseForms.leakyReluGradient,
    "Clip": ElementwiseForms.clip,
    "pare.ClipGradient": ElementwiseForms.clipGradient,
    "Tanh": ElementwiseForms.unary(\.tanh),
    "Sigmoid": ElementwiseForms.unary(\.sigmoid),
    "Gelu": ElementwiseForms.gelu(exact: ElementwiseForms.unary(\.gelu), byTanh: ElementwiseForms.unary(\.gelu_by_tanh)),
    "pare.GeluGradient": ElementwiseForms.gelu(
      exact: ElementwiseForms.binary(\.gelu_gradient), byTanh: ElementwiseForms.binary(\.gelu_by_tanh_gradient)),
    "HardSwish": ElementwiseForms.unary(\.hard_swish),
    "pare.HardSwishGradient": ElementwiseForms.binary(\.hard_swish_gradient),
    "HardSigmoid": ElementwiseForms.parametric(\.hard_sigmoid, .hardSigmoid),
    "pare.HardSigmoidGradient": ElementwiseForms.parametricGradient(\.hard_sigmoid_gradient, .hardSigmoid),
    "Elu": ElementwiseForms.parametric(\.elu, .alphaOfOne),
    "pare.EluGradient": ElementwiseForms.parametricGradient(\.elu_gradient, .alphaOfOne),
    "Swish": ElementwiseForms.parametric(\.swish, .alphaOfOne),
    "pare.SwishGradient": ElementwiseForms.parametricGradient(\.swish_gradient, .alphaOfOne),
    "Softplus": ElementwiseForms.unary(\.softplus),
    "pare.SoftplusGradient": ElementwiseForms.binary(\.softplus_gradient),
    "Mish": ElementwiseForms.unary(\.mish),
    "pare.MishGradient": ElementwiseForms.binary(\.mish_gradient),
    "Dropout": ElementwiseForms.dropout,
    "Identity": ElementwiseForms.copy,
    "Reshape": ElementwiseForms.copy,
    "Flatten": ElementwiseForms.copy,
  ]
}
