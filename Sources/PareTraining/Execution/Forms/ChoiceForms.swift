import CPareKernels
import PareGraph
import PareTensor

extension ElementwiseForms {
  /// Where of Float32 operands.
  static let choice: FastForm = { context, kernels in
    guard context.outputs[0].elementType == .float32, let call = kernels.elementwise.choose.map({ KernelPointer($0) }) else {
      return nil
    }
    let walk = BroadcastWalk(
      [try context.input(0).shape, try context.input(1).shape, try context.input(2).shape],
      result: context.outputs[0].shape)
    return { buffers in
      let condition = buffers.input(0, as: UInt8.self)
      let (x, y) = (buffers.input(1, as: Float.self), buffers.input(2, as: Float.self))
      let z = buffers.output(as: Float.self)
      walk.forEachMatrix { matrix in
        call.call(
          walk.truths(0, condition, matrix), walk.operand(1, x, matrix), walk.operand(2, y, matrix), z + matrix.result,
          walk.rows, walk.columns)
      }
    }
  }

  /// Dropout with a constant ratio, or with none.
  static let dropout: FastForm = { context, kernels in
    guard try context.input(0).elementType == .float32, context.outputs[0].elementType == .float32,
      context.constant(1) != nil || !context.has(1),
      let drop = kernels.elementwise.drop_out.map({ KernelPointer($0) }),
      let draw = kernels.elementwise.drop_out_mask.map({ KernelPointer($0) })
    else { return nil }
    let ratio = context.constant(1)?.doubles.first ?? 0.5
    // What is no ratio is refused by the reference.
    guard ratio >= 0, ratio < 1 else { return nil }
    let seed = UInt64(bitPattern: Int64(try Dropout.seed(context.node)))
    let scale = Float(1 / (1 - ratio))
    let (hasMode, hasMask) = (context.has(2), context.outputs.count > 1)
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let (x, y) = (buffers.input(0, as: Float.self), buffers.output(as: Float.self))
      guard hasMode, buffers.input(2, as: Bool.self)[0], ratio > 0 else {
        y.update(from: x, count: count)
        if hasMask { buffers.output(1, as: Bool.self).update(repeating: true, count: count) }
        return
      }
      let drawing = DropoutDrawing(seed: seed, step: buffers.step, ratio: ratio)
      let keys = pare_dropout(
        first_key: drawing.firstKey, second_key: drawing.secondKey, threshold: drawing.threshold)
      drop.call(x, keys, scale, y, count)
      if hasMask { draw.call(keys, buffers.output(1, as: UInt8.self), count) }
    }
  }
}
