import PareGraph
import PareTensor

/// A graph that computes pieces of another graph's values: some rows of each, from pieces of others.
struct PieceGraph {
  /// Rows of a value under a name; those of the name begin with row `first`.
  private struct Segment {
    var rows: Range<Int>
    var name: String
    var first: Int
  }

  private let rules: RowRules
  private var builder: GraphBuilder
  private var segments: [String: [Segment]] = [:]

  init(_ rules: RowRules, name: String) {
    self.rules = rules
    builder = GraphBuilder(name: name)
    builder.reserve(rules.types.keys)
  }

  /// The graph without what no output needs, inputs but one included.
  func pruned(keeping features: String) -> Graph {
    var graph = builder.graph.pruned()
    let read = Set(graph.nodes.flatMap(\.inputs))
    graph.inputs.removeAll { $0.name != features && !read.contains($0.name) }
    return graph
  }

  func has(_ value: String) -> Bool { builder.has(value) }

  // MARK: what there is

  /// An input of `count` rows of a value, the first of them row `first`, of which `rows` may be read.
  mutating func input(_ name: String, of value: String, rows: Range<Int>, first: Int, count: Int) throws {
    let type = ValueType(rules.types[value]?.elementType ?? .float32, shape(value, rows: count).map(Dimension.fixed))
    add(try builder.input(name, type), of: value, rows: rows, first: first)
  }

  /// An input of rows of features as they arrive, the axis of time first; turned where the value has it elsewhere.
  mutating func features(_ value: String, rows: Range<Int>) throws {
    var shape = shape(value, rows: rows.count)
    guard let axis = rules.dependence[value]?.axis, rows.count > 1, shape[..<axis].contains(where: { $0 != 1 }) else {
      return try input(value, of: value, rows: rows, first: rows.lowerBound, count: rows.count)
    }
    shape.insert(shape.remove(at: axis), at: 0)
    _ = try builder.input(value, ValueType(.float32, shape.map(Dimension.fixed)))
    let order = Array(1..<axis + 1) + [0] + Array((axis + 1)..<max(axis + 1, shape.count))
    let turned = try builder.apply("Transpose", [value], attributes: ["perm": .ints(order)], name: name(value, rows))
    add(turned, of: value, rows: rows, first: rows.lowerBound)
  }

  /// Computes a piece.
  mutating func compute(_ value: String, _ rows: Range<Int>, by form: RowRule.Form) throws {
    let inputs = try form.inputs.enumerated().map { try piece($1, form.needed(rows, $0)) }
    add(try form.emit(rows, inputs, &self), of: value, rows: rows, first: rows.lowerBound)
  }

  private mutating func add(_ name: String, of value: String, rows: Range<Int>, first: Int) {
    segments[value, default: []].append(Segment(rows: rows, name: name, first: first))
    segments[value]?.sort { $0.rows.lowerBound < $1.rows.lowerBound }
  }

  /// Rows of a value, put together from what there is of it.
  mutating func piece(_ value: String, _ rows: Range<Int>) throws -> String {
    var parts: [String] = []
    var next = rows.lowerBound
    for segment in segments[value] ?? [] where next < rows.upperBound && segment.rows.contains(next) {
      let end = min(segment.rows.upperBound, rows.upperBound)
      parts.append(try cut(segment, of: value, next..<end))
      next = end
    }
    guard next == rows.upperBound, let axis = parts.count > 1 ? rules.dependence[value]?.axis : 0 else {
      throw InferenceError("window", subject: "value '\(value)'", expected: "rows \(rows)", found: "rows to \(next)")
    }
    guard parts.count > 1 else { return parts[0] }
    let whole = try builder.apply("Concat", parts, attributes: ["axis": .int(axis)], name: builder.freshNodeName("\(value)\(rows)"))
    return whole
  }

  private mutating func cut(_ segment: Segment, of value: String, _ rows: Range<Int>) throws -> String {
    guard let axis = rules.dependence[value]?.axis else { return segment.name }
    let extent = try builder.type(of: segment.name).dimensions[axis].fixedValue ?? 0
    let own = rows.lowerBound - segment.first..<rows.upperBound - segment.first
    if own == 0..<extent { return segment.name }
    return try slice(segment.name, own, axis: axis, named: builder.freshNodeName("\(segment.name)[\(own)]"))
  }

  // MARK: adding nodes

  mutating func append(_ node: Node) throws { try builder.append(node) }

  mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:], named name: String
  ) throws -> String {
    try builder.apply(operatorName, inputs, attributes: attributes, name: builder.freshNodeName(name))
  }

  /// An output under a name of its own.
  mutating func output(_ value: String, as name: String) throws {
    let made = value == name ? value : try builder.apply("Identity", [value], name: builder.freshNodeName("\(name).output"), output: name)
    try builder.output(made)
  }

  mutating func slice(
    _ value: String, _ range: Range<Int>, axis: Int, step: Int = 1, named name: String
  ) throws -> String {
    let bounds = [range.lowerBound, range.upperBound, axis, step].map { Tensor([Int64($0)]) }
    return try builder.apply("Slice", [value] + bounds.map { try builder.constant($0) }, name: name)
  }

  mutating func reshape(_ value: String, _ shape: [Int], named name: String) throws -> String {
    try apply("Reshape", [value, constant(Tensor(shape.map(Int64.init)))], named: name)
  }

  mutating func constant(_ tensor: Tensor) throws -> String { try builder.constant(tensor) }

  /// A parameter of the whole graph.
  mutating func constant(_ name: String) throws -> String {
    if builder.has(name) { return name }
    guard let parameter = rules.graph.parameters[name] else {
      throw InferenceError("window", subject: "value '\(name)'", expected: "a parameter", found: "none")
    }
    return try builder.parameter(name, parameter)
  }

  /// Some rows of a parameter along an axis.
  mutating func constant(_ name: String, _ rows: Range<Int>, axis: Int) throws -> String {
    guard let tensor = rules.tensor(name) else { return try constant(name) }
    return rows == 0..<tensor.shape[axis] ? try constant(name) : try constant(tensor.slice(rows, axis: axis))
  }

  // MARK: names

  /// The node with names of its own for these rows of its output.
  func named(_ node: Node, _ rows: Range<Int>) -> Node {
    var copy = node
    copy.outputs = [name(node.outputs[0], rows)]
    if copy.outputs != node.outputs { copy.name = name(node.outputs[0], rows, stem: node.name) }
    return copy
  }

  func name(_ value: String, _ rows: Range<Int>, stem: String? = nil) -> String {
    rows == 0..<(rules.dependence[value]?.count ?? 1) ? stem ?? value : "\(stem ?? value)[\(rows.lowerBound)..<\(rows.upperBound)]"
  }

  /// The extents of so many rows of a value.
  func shape(_ value: String, rows: Int) -> [Int] {
    var shape = rules.extents(value)
    if let axis = rules.dependence[value]?.axis { shape[axis] = rows }
    return shape
  }
}

extension Tensor {
  /// Some places along an axis.
  func slice(_ range: Range<Int>, axis: Int) -> Tensor {
    let dimensions = shape.dimensions
    let outer = dimensions[..<axis].reduce(1, *)
    let row = dimensions[(axis + 1)...].reduce(1, *) * elementType.byteCount
    var cut = dimensions
    cut[axis] = range.count
    var result = Tensor(zeros: elementType, shape: Shape(cut))
    withUnsafeBytes { from in
      result.withUnsafeMutableBytes { to in
        for block in 0..<outer {
          let start = (block * dimensions[axis] + range.lowerBound) * row
          let part = UnsafeRawBufferPointer(rebasing: from[start..<start + range.count * row])
          UnsafeMutableRawBufferPointer(rebasing: to[block * range.count * row..<(block + 1) * range.count * row])
            .copyMemory(from: part)
        }
      }
    }
    return result
  }
}
