import PareTensor

/// The K largest (or smallest) elements along an axis with their indices, in order; equal ones by their index.
///
/// - Inputs: X and K, a constant. Source: ONNX TopK. Sorted whether or not `sorted` asks for it.
public enum TopK: NumericOperator {
  public static let name: OperatorName = "TopK"
  public static let inputCount = 2...2
  public static let outputCount = 2...2
  public static let attributeNames = ["axis", "largest", "sorted"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.numericInput(0)
    let axis = try context.node.axis(default: -1, rank: x.rank)
    let wanted = try context.extents(1, meaning: "K") ?? []
    guard wanted.count == 1, let count = wanted[0].fixedValue, let extent = x.dimensions[axis].fixedValue, (0...extent).contains(count) else {
      throw GraphError("shape", node: context.node, expected: "K from 0 to the extent of axis \(axis) of \(x)", found: "\(wanted)")
    }
    var dimensions = x.dimensions
    dimensions[axis] = .fixed(count)
    return [ValueType(x.elementType, dimensions), ValueType(.int64, dimensions)]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let shape = try context.input(0).shape
    let place = try context.node.axis(default: -1, rank: shape.rank)
    let axis = AxisDecomposition(shape, axis: place)
    let count = context.outputs[0].shape[place]
    let takesLargest = try context.node.int("largest", default: 1) != 0
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let values = buffers.output(0, as: Element.self)
      let indices = buffers.output(1, as: Int64.self)
      for block in 0..<axis.outer {
        for offset in 0..<axis.inner {
          let (from, to) = (block * axis.extent * axis.inner + offset, block * count * axis.inner + offset)
          // Insertion into the sorted ones found so far: K is small, and nothing is allocated.
          var found = 0
          for index in 0..<axis.extent {
            let value = x[from + index * axis.inner]
            var position = found
            while position > 0 {
              let other = values[to + (position - 1) * axis.inner]
              guard takesLargest ? value > other : value < other else { break }
              if position < count {
                values[to + position * axis.inner] = other
                indices[to + position * axis.inner] = indices[to + (position - 1) * axis.inner]
              }
              position -= 1
            }
            guard position < count else { continue }
            values[to + position * axis.inner] = value
            indices[to + position * axis.inner] = Int64(index)
            found = min(found + 1, count)
          }
        }
      }
    }
  }

  /// dX = dValues at the indices, 0 elsewhere.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradients.first ?? nil else { return context.noGradients }
    let x = context.node.inputs[0]
    let zeros = try context.apply(ZerosLike.name, [x])
    let axis = Attribute.int(try context.node.int("axis", default: -1))
    return context.onlyByFirst(
      try context.apply(ScatterElements.name, [zeros, context.node.outputs[1], dy], ["axis": axis]))
  }
}
