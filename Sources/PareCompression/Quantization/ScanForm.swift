import PareGraph
import PareTensor

/// A selective scan that goes with the products that make what it reads: all in integers where they are.
///
/// In the standard form its X, B and C pass through QuantizeLinear and DequantizeLinear, and `state_scale` says what a unit of its state
/// stands for; `IntegerLowering` makes `pare.QuantizedSelectiveScan` of it.
struct ScanForm {
  let node: Node
  /// What reads X to make Δ of it.
  private let slopeProduct: String
  private let slope: [Double]
  private let bias: [Double]

  var x: String { node.inputs[0] }
  var b: String { node.inputs[3] }
  var c: String { node.inputs[4] }
  /// X, B and C, each with the nodes that read it here.
  var operands: [(value: String, readers: [String])] { [(x, [slopeProduct, node.name]), (b, [node.name]), (c, [node.name])] }

  /// - Parameter integers: the names of products that become integers; nil for products of any kind.
  /// - Returns: nil where a product that the scan reads is none of these, or Δ is no `Softplus(x · w + b)` of its X.
  init?(_ node: Node, in graph: Graph, integers: Set<String>?) {
    guard node.operatorName == SelectiveScan.name, node.input(6) == nil, node.outputs.count == 1,
      let softplus = graph.producer(of: node.inputs[1]), softplus.operatorName == "Softplus",
      let add = graph.producer(of: softplus.inputs[0]), add.operatorName == "Add",
      let multiply = add.inputs.lazy.compactMap({ graph.producer(of: $0) }).first, multiply.operatorName == "Mul",
      multiply.inputs.contains(node.inputs[0]),
      let slope = graph.row(multiply.inputs[multiply.inputs[0] == node.inputs[0] ? 1 : 0]),
      let bias = graph.row(add.inputs[add.inputs[0] == multiply.outputs[0] ? 1 : 0]), slope.count == bias.count
    else { return nil }
    (self.node, slopeProduct, self.slope, self.bias) = (node, multiply.name, slope, bias)
    if let integers {
      for operand in operands {
        guard let product = graph.product(making: operand.value), integers.contains(product) else { return nil }
      }
    }
  }

  /// What a unit of the state stands for: room for twice the greatest that was observed, and for what one step may add.
  ///
  /// - Parameters:
  ///   - x: how X is mapped, and B.
  ///   - greatest: the greatest magnitude of a state.
  func stateScale(x: AffineMap, b: AffineMap, greatest: Double) -> Float {
    func codes(_ map: AffineMap) -> ScanIntegers.Codes { .init(scale: map.scale, zeroPoint: UInt8(clamping: map.zeroPoint)) }
    let least = ScanIntegers.leastStateScale(x: codes(x), step: .init(slope: slope, bias: bias), b: codes(b))
    return max(Float(2 * greatest / 32767), least, .leastNormalMagnitude * 0x1p24)
  }
}

/// Values of a graph that hold the states of scans at every step.
enum ScanTraces {
  /// Adds, for each number of a scan's state, the same scan with an output that is this number alone.
  ///
  /// - Returns: the values, by the scan's name.
  static func add(for scans: [Node], to graph: inout Graph) throws -> [String: [String]] {
    let types = try graph.inferredTypes()
    var names = NameScope(graph)
    var traces: [String: [String]] = [:]
    func constant(_ tensor: Tensor, _ stem: String) -> String {
      let name = names.fresh(stem)
      graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
      return name
    }
    for scan in scans {
      guard let at = graph.nodes.firstIndex(where: { $0.name == scan.name }), let states = types[scan.inputs[4]]?.dimensions.last?.fixedValue
      else { continue }
      let node = graph.nodes[at]
      var added: [Node] = []
      func apply(_ name: OperatorName, _ inputs: [String], _ stem: String) -> String {
        let output = names.fresh("\(scan.name).\(stem)")
        added.append(Node(name, name: output, inputs: inputs, outputs: [output]))
        return output
      }
      let zeros = apply("Mul", [node.inputs[4], constant(Tensor(scalar: Float(0)), "\(scan.name).zero")], "zeros")
      traces[scan.name] = (0..<states).map { state in
        let unit = Tensor((0..<states).map { Float($0 == state ? 1 : 0) })
        let chosen = apply("Add", [zeros, constant(unit, "\(scan.name).unit")], "chosen")
        return apply(SelectiveScan.name, Array(node.inputs.prefix(4)) + [chosen], "state")
      }
      graph.nodes.insert(contentsOf: added, at: at + 1)
    }
    return traces
  }
}

extension Graph {
  fileprivate func row(_ name: String) -> [Double]? {
    guard let tensor = parameters[name]?.storage.decoded(), tensor.shape.rank == 1 else { return nil }
    return tensor.doubles
  }

  /// The Gemm or MatMul that makes a value, by itself or with an Add of a constant behind it.
  fileprivate func product(making value: String) -> String? {
    guard let node = producer(of: value) else { return nil }
    if node.operatorName == "Add", let other = node.inputs.first(where: { parameters[$0] == nil }),
      node.inputs.contains(where: { parameters[$0] != nil })
    {
      return product(making: other)
    }
    return node.operatorName == "MatMul" || node.operatorName == "Gemm" ? node.name : nil
  }
}
