import PareGraph
import PareTensor

/// Where each trainable parameter of a graph lies in one vector, so that an optimizer's step is one pass.
///
/// Matrices and higher ranks come first, then vectors and scalars: weight decay applies to a prefix. Those that training
/// freezes before its end come last and do not decay. Every parameter starts at a cache line; the padding between them
/// holds zeros, which stay zeros under every optimizer.
package struct ParameterLayout: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package let name: String
    package let shape: Shape
    /// Elements from the vector's start.
    package let offset: Int
  }

  package let entries: [Entry]
  /// Elements of the vector, padding included.
  package let elementCount: Int
  /// Elements of the prefix that weight decay applies to.
  package let decayedCount: Int
  /// Elements of the prefix that moves to the end of the training.
  package let lastingCount: Int

  /// - Parameter frozen: those that stop moving before the end.
  /// - Throws: `training.parameter-type` where a trainable parameter is not Float32.
  package init(_ graph: Graph, names: some Sequence<String>, frozen: Set<String> = []) throws {
    var weights: [(String, Shape)] = []
    var biases: [(String, Shape)] = []
    var last: [(String, Shape)] = []
    for name in names {
      guard let storage = graph.parameters[name]?.storage else { continue }
      guard storage.elementType == .float32 else {
        throw TrainingError(
          "parameter-type", subject: "parameter '\(name)'", expected: "float32, to be trained",
          found: storage.elementType.rawValue)
      }
      if frozen.contains(name) {
        last.append((name, storage.shape))
      } else if storage.shape.rank >= 2 {
        weights.append((name, storage.shape))
      } else {
        biases.append((name, storage.shape))
      }
    }
    let line = MemoryPlan.alignment / MemoryLayout<Float>.stride
    var entries: [Entry] = []
    var offset = 0
    var (decayedCount, lastingCount) = (0, 0)
    for (index, (name, shape)) in (weights + biases + last).enumerated() {
      entries.append(Entry(name: name, shape: shape, offset: offset))
      offset += (shape.elementCount + line - 1) / line * line
      if index < weights.count { decayedCount = offset }
      if index < weights.count + biases.count { lastingCount = offset }
    }
    self.entries = entries
    elementCount = offset
    self.decayedCount = decayedCount
    self.lastingCount = lastingCount
  }
}

/// A number per trainable element: the parameters themselves, their gradient, a moment of an optimizer.
package final class ParameterVector {
  package let layout: ParameterLayout
  package let elements: UnsafeMutableBufferPointer<Float>

  /// Zeros.
  package init(_ layout: ParameterLayout) {
    self.layout = layout
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(layout.elementCount, 1) * MemoryLayout<Float>.stride, alignment: MemoryPlan.alignment)
    elements = UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: Float.self, capacity: layout.elementCount), count: layout.elementCount)
    elements.initialize(repeating: 0)
  }

  /// The trainable parameters of a graph.
  package convenience init(_ layout: ParameterLayout, of graph: Graph) {
    self.init(layout)
    for entry in layout.entries {
      graph.parameters[entry.name]?.storage.decoded().withUnsafeElements(as: Float.self) { source in
        for (index, value) in source.enumerated() { elements[entry.offset + index] = value }
      }
    }
  }

  deinit {
    UnsafeMutableRawPointer(elements.baseAddress)?.deallocate()
  }

  package func copy(from other: ParameterVector) {
    precondition(layout == other.layout)
    _ = elements.update(fromContentsOf: other.elements)
  }

  /// The elements of each parameter as a tensor.
  package var tensors: [(name: String, tensor: Tensor)] {
    layout.entries.map { entry in
      let own = UnsafeBufferPointer(rebasing: elements[entry.offset..<entry.offset + entry.shape.elementCount])
      return (entry.name, Tensor(elementType: .float32, shape: entry.shape, bytes: UnsafeRawBufferPointer(own)))
    }
  }

  func address(of entry: ParameterLayout.Entry) -> UnsafeMutablePointer<Float> {
    // A vector always owns memory, if only one element of it.
    elements.baseAddress.unsafelyUnwrapped + entry.offset
  }
}
