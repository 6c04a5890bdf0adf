import CPareKernels
import PareGraph
import PareTensor

/// Operators that only move elements: where each comes from is found once, by running the reference on numbered ones.
///
/// What comes out in one piece is a view and costs nothing; what is evenly spaced along every axis is one strided copy;
/// the rest is a list of runs.
enum RearrangementStep {
  static let operators: [OperatorName] = [
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Transpose", "Slice", "Gather", "Split", "Concat",
    "Expand", "Pad", "Tile", "DepthToSpace", "SpaceToDepth",
  ]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let outputs = node.outputs.filter { !$0.isEmpty }
    let moved = node.operatorName == "Concat" ? node.inputs : [node.inputs[0]]
    let types = Set((moved + outputs).map { graph.types[$0]?.elementType })
    let isBytes = types == [.uint8] || types == [.bool]
    guard outputs.count == node.outputs.count, isBytes || types == [.float32] || types == [.int32],
      moved.count > 1 || !graph.isParameter(moved[0]),
      // What the operator refuses here it refuses when the plan runs, too.
      let sources = try? sources(node, moved: moved.count, graph)
    else { return nil }
    if moved.count == 1, let starts = wholes(sources) {
      return PlannedStep(
        nodes: [node.name], inputs: moved, outputs: outputs, body: .view(offsets: starts.map { $0 * (isBytes ? 1 : 4) }))
    }
    if moved.count == 1, outputs.count == 1,
      let strided = StridedCopyStep(sources[0], shape: graph.shape(outputs[0]), isBytes: isBytes)
    {
      return PlannedStep(strided, nodes: [node], inputs: moved, outputs: outputs)
    }
    var fill: Float = 0
    if node.operatorName == "Pad", let name = node.input(2) {
      guard let value = graph.scalar(name, default: 0) else { return nil }
      fill = value
    }
    guard let copies = PieceCopyStep(sources, inputs: moved.map { graph.shape($0).elementCount }, fill: fill, isBytes: isBytes)
    else { return nil }
    return PlannedStep(copies, nodes: [node], inputs: moved, outputs: outputs)
  }

  /// For each element of each output, which of the elements that are moved it is, counted over all inputs from 1; 0 for a
  /// fill. Nil where that is not known before the plan runs.
  private static func sources(_ node: Node, moved: Int, _ graph: StepGraph) throws -> [[Int32]]? {
    if node.operatorName == "Dropout" {
      let count = graph.shape(node.inputs[0]).elementCount
      let trains = node.input(2).map { graph.constant($0).map { $0.doubles != [0] } ?? true } ?? false
      return node.outputs.count == 1 && !trains ? [(0..<Int32(count)).map { $0 + 1 }] : nil
    }
    let context = graph.preparation(node)
    guard node.inputs.dropFirst(moved).allSatisfy({ $0.isEmpty || graph.isParameter($0) }),
      context.inputs.compactMap({ $0 }).allSatisfy({ $0.shape.elementCount <= 1 << 20 }),
      context.outputs.allSatisfy({ $0.shape.elementCount <= 1 << 20 })
    else { return nil }
    var next: Int32 = 1
    var tensors: [Tensor?] = []
    for (index, type) in context.inputs.enumerated() {
      guard let type else {
        tensors.append(nil)
        continue
      }
      if index < moved {
        tensors.append(Tensor((0..<Int32(type.shape.elementCount)).map { next + $0 }, shape: type.shape))
        next += Int32(type.shape.elementCount)
      } else {
        // A fill of the elements' type becomes 0.
        let isFill = type.elementType == .float32
        tensors.append(isFill ? Tensor(zeros: .int32, shape: type.shape) : graph.constant(node.inputs[index]))
      }
    }
    func numbered(_ type: TensorType) -> TensorType {
      TensorType([.float32, .uint8, .bool].contains(type.elementType) ? .int32 : type.elementType, type.shape)
    }
    let evaluation = try OperatorCatalogue.prepare(
      PreparationContext(
        node: node, inputs: context.inputs.map { $0.map(numbered) }, outputs: context.outputs.map(numbered),
        constants: tensors))
    return try run(evaluation, tensors, counts: context.outputs.map(\.shape.elementCount))
  }

  private static func run(_ evaluation: Evaluation, _ tensors: [Tensor?], counts: [Int]) throws -> [[Int32]] {
    // Copies that begin where vectors may.
    let inputs = tensors.map { tensor -> UnsafeMutableRawPointer? in
      guard let tensor else { return nil }
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(tensor.byteCount, 1), alignment: 64)
      tensor.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { memory.copyMemory(from: from, byteCount: bytes.count) }
      }
      return memory
    }
    let outputs = counts.map { UnsafeMutableRawPointer.allocate(byteCount: max($0, 1) * 4, alignment: 64) }
    defer {
      for memory in inputs { memory?.deallocate() }
      for memory in outputs { memory.deallocate() }
    }
    try inputs.map { $0.map { UnsafeRawPointer($0) } }.withUnsafeBufferPointer { inputs in
      try outputs.withUnsafeBufferPointer { outputs in
        guard let from = inputs.baseAddress, let to = outputs.baseAddress else { return }
        try evaluation(EvaluationBuffers(inputs: from, outputs: to, step: 0))
      }
    }
    return zip(outputs, counts).map { memory, count in
      Array(UnsafeBufferPointer(start: memory.assumingMemoryBound(to: Int32.self), count: count))
    }
  }

  /// Where each output begins, if all are pieces of the input.
  private static func wholes(_ sources: [[Int32]]) -> [Int]? {
    var starts: [Int] = []
    for source in sources {
      guard let first = source.first, first > 0, source.indices.allSatisfy({ source[$0] == first + Int32($0) }) else { return nil }
      starts.append(Int(first) - 1)
    }
    return starts
  }
}

/// A copy whose elements are evenly spaced along every axis: a transposition, a slice, an expansion.
struct StridedCopyStep: StepKind {
  private let start: Int
  /// Four each, outermost first.
  private let extents: [Int]
  private let strides: [Int]
  /// Elements of one byte instead of four.
  private let isBytes: Bool

  static let operators: [OperatorName] = RearrangementStep.operators
  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? { try RearrangementStep.step(at: node, in: graph) }

  fileprivate init?(_ source: [Int32], shape: Shape, isBytes: Bool) {
    // A fill is no element that might be evenly spaced from others.
    guard let first = source.first, source.allSatisfy({ $0 > 0 }) else { return nil }
    self.isBytes = isBytes
    let own = shape.strides
    var axes: [(extent: Int, stride: Int)] = []
    for axis in 0..<shape.rank where shape[axis] > 1 {
      let next = (extent: shape[axis], stride: Int(source[own[axis]]) - Int(first))
      if let last = axes.last, last.stride == next.stride * next.extent {
        axes[axes.count - 1] = (last.extent * next.extent, next.stride)
      } else {
        axes.append(next)
      }
    }
    guard axes.count <= 4 else { return nil }
    axes = Array(repeating: (1, 0), count: 4 - axes.count) + axes
    (extents, strides) = (axes.map(\.extent), axes.map(\.stride))
    start = Int(first) - 1
    // Each element must be where that says.
    var index = 0
    for i in 0..<extents[0] {
      for j in 0..<extents[1] {
        for k in 0..<extents[2] {
          let from = start + 1 + i * strides[0] + j * strides[1] + k * strides[2]
          for l in 0..<extents[3] {
            guard Int(source[index]) == from + l * strides[3] else { return nil }
            index += 1
          }
        }
      }
    }
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("copy", isBytes ? pare_step_strided_u8 : pare_step_strided) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_strided_step(
        start: start, extent0: extents[0], extent1: extents[1], extent2: extents[2], extent3: extents[3],
        from0: strides[0], from1: strides[1], from2: strides[2], from3: strides[3]))
  }
}

/// Runs of elements from several inputs to several outputs, over a fill where there is one.
struct PieceCopyStep: StepKind {
  private struct Copy: Sendable {
    var input: Int
    var output: Int
    var pieces: [(from: Int, to: Int, count: Int)]
    var filled: Int
  }

  private let copies: [Copy]
  private let fill: Float
  private let isBytes: Bool

  /// Found by way of `StridedCopyStep`.
  static let operators: [OperatorName] = []
  static func step(at node: Node, in graph: StepGraph) -> PlannedStep? { nil }

  /// - Returns: nil where there are so many runs that a list is no better than the reference.
  fileprivate init?(_ sources: [[Int32]], inputs: [Int], fill: Float, isBytes: Bool) {
    var starts = [1]
    for count in inputs { starts.append(starts[starts.count - 1] + count) }
    var copies: [Copy] = []
    for (output, source) in sources.enumerated() {
      var byInput: [Int: [(from: Int, to: Int, count: Int)]] = [:]
      for (to, number) in source.enumerated() where number > 0 {
        let input = (starts.firstIndex { $0 > Int(number) } ?? starts.count) - 1
        let from = Int(number) - starts[input]
        byInput[input, default: []].extend(from, to)
      }
      let hasFill = source.contains(0)
      let named = byInput.sorted { $0.key < $1.key }
      for (index, item) in named.enumerated() {
        copies.append(Copy(input: item.key, output: output, pieces: item.value, filled: hasFill && index == 0 ? source.count : 0))
      }
      if named.isEmpty { copies.append(Copy(input: 0, output: output, pieces: [], filled: source.count)) }
    }
    guard copies.reduce(0, { $0 + $1.pieces.count }) <= 1 << 14 else { return nil }
    self.copies = copies
    self.fill = fill
    self.isBytes = isBytes
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("copy", isBytes ? pare_step_copies_u8 : pare_step_copies) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let packed = copies.map { copy in
      pare_copy(
        source: site.inputs[copy.input], target: site.outputs[copy.output],
        pieces: site.pool.place(
          copy.pieces.map { pare_piece(from: $0.from, to: $0.to, count: $0.count) }, paddedTo: max(copy.pieces.count, 1),
          with: pare_piece()),
        count: copy.pieces.count, fill: fill, filled: copy.filled)
    }
    return site.pool.place(
      pare_copies_step(copies: site.pool.place(packed, paddedTo: max(packed.count, 1), with: pare_copy()), count: packed.count))
  }
}

extension [(from: Int, to: Int, count: Int)] {
  /// Takes in one more element, in the last run where it goes on with it.
  fileprivate mutating func extend(_ from: Int, _ to: Int) {
    if let last, last.from + last.count == from, last.to + last.count == to {
      self[count - 1].count += 1
    } else {
      append((from, to, 1))
    }
  }
}
