import PareGraph
import PareTensor

/// Puts the tensors of a safetensors file in place of a graph's weights, name by name.
public struct WeightLoading: Sendable {
  /// Which tensor of the file a parameter takes. `fc.weight^T` is the tensor `fc.weight` with its two axes exchanged.
  public var names: [String: String]

  /// - Parameter names: by the parameter's name; a parameter that is not there takes the tensor of its own name.
  public init(names: [String: String] = [:]) {
    self.names = names
  }

  /// What was taken from the file, and what was not.
  public struct Result: Sendable {
    public let graph: Graph
    /// Parameters that took a tensor, in the graph's order.
    public let loaded: [String]
    /// Tensors of the file that no parameter took, sorted.
    public let unused: [String]
  }

  /// Every trainable parameter takes a tensor; another parameter only where `names` has it. Floating-point tensors of
  /// another width are rounded to the parameter's type. The parameters' storage becomes dense.
  ///
  /// - Throws: `artifact.weights`, naming the parameter, for a tensor that is missing or of another shape or kind, and
  ///   for a name that is no parameter.
  public func load(_ tensors: [String: Tensor], into graph: Graph, source: String) throws -> Result {
    func failure(_ parameter: String, _ expected: String, _ found: String) -> ArtifactError {
      ArtifactError("weights", subject: "\(source): parameter \(quoted(parameter))", expected: expected, found: found)
    }
    for name in names.keys.sorted() where graph.parameters[name] == nil {
      throw failure(name, "a parameter of the model, as " + graph.parameters.keys.prefix(8).joined(separator: ", "), "no such parameter")
    }
    var result = graph
    var loaded: [String] = []
    var unused = Set(tensors.keys)
    for (name, parameter) in graph.parameters where parameter.isTrainable || names[name] != nil {
      let asked = names[name] ?? name
      let isTransposed = asked.hasSuffix("^T") && tensors[asked] == nil
      let tensorName = isTransposed ? String(asked.dropLast(2)) : asked
      guard var tensor = tensors[tensorName] else {
        throw failure(name, "a tensor \(quoted(tensorName))", tensors.keys.sorted().prefix(8).joined(separator: ", "))
      }
      if isTransposed {
        guard tensor.shape.rank == 2 else { throw failure(name, "two axes to exchange in \(quoted(tensorName))", "\(tensor.shape)") }
        tensor = tensor.transposedMatrix()
      }
      let storage = parameter.storage
      guard tensor.shape == storage.shape else { throw failure(name, "shape \(storage.shape)", "\(tensor.shape)") }
      guard let converted = tensor.asFloatingPoint(storage.elementType) else {
        throw failure(name, storage.elementType.rawValue, tensor.elementType.rawValue)
      }
      result.parameters[name] = Parameter(ParameterStorage(converted), isTrainable: parameter.isTrainable)
      loaded.append(name)
      unused.remove(tensorName)
    }
    return Result(graph: result, loaded: loaded, unused: unused.sorted())
  }
}

extension Tensor {
  /// Rows and columns exchanged.
  fileprivate func transposedMatrix() -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let size = elementType.byteCount
    var result = Tensor(zeros: elementType, shape: [columns, rows])
    withUnsafeBytes { from in
      result.withUnsafeMutableBytes { to in
        for row in 0..<rows {
          for column in 0..<columns {
            for byte in 0..<size { to[(column * rows + row) * size + byte] = from[(row * columns + column) * size + byte] }
          }
        }
      }
    }
    return result
  }

  /// The numbers in another floating-point type, rounded to nearest even; itself where the type is the same; nil between
  /// floating point and anything else.
  fileprivate func asFloatingPoint(_ type: ElementType) -> Tensor? {
    if elementType == type { return self }
    guard elementType.isFloatingPoint, type.isFloatingPoint else { return nil }
    switch type {
    case .float64: return Tensor(doubles, shape: shape)
    case .float32: return Tensor(doubles.map { Float($0) }, shape: shape)
    default:
      let bits = doubles.map { type.bits(of: Float($0)) }
      return bits.withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) }
    }
  }
}
