import PareGraph
import PareInference
import PareTensor
import Testing

/// A graph that a file could hold, however wrong, is refused or runs; it never ends the process.
@Suite struct HostileGraphTests {
  private static let types: [ElementType] = [.float32, .float64, .int8, .uint8, .int32, .int64, .bool, .float16]

  @Test(arguments: [false, true]) func aMangledGraphIsRefusedOrRuns(quantized: Bool) throws {
    let network = RandomNetwork([5, 7, 4, 3], seed: 3)
    let graph = try network.graph(quantized: quantized)
    var generator = SeededGenerator(seed: quantized ? 2 : 1)
    var ran = 0
    for _ in 0..<3000 {
      var mangled = graph
      for _ in 0...generator.below(3) { Self.mangle(&mangled, &generator) }
      do {
        let plan = try ExecutionPlan(mangled)
        let inputs = Dictionary(
          uniqueKeysWithValues: plan.inputs.map { ($0.name, Tensor(zeros: $0.type.elementType, shape: $0.type.shape)) })
        _ = try plan.makeContext().run(inputs)
        ran += 1
      } catch {
        #expect(error is any PareError, "\(error)")
      }
    }
    #expect(ran > 100, "some changes are harmless")
  }

  /// The same of whole networks: convolutions, attention, and what moves elements.
  @Test(arguments: Network.all) func aMangledNetworkIsRefusedOrRuns(network: Network) throws {
    let graph = try network.build()
    var generator = SeededGenerator(seed: UInt64(graph.nodes.count))
    var ran = 0
    for _ in 0..<150 {
      var mangled = graph
      for _ in 0...generator.below(2) {
        if generator.below(2) == 0 { Self.mangleWindow(&mangled, &generator) } else { Self.mangle(&mangled, &generator) }
      }
      do {
        let plan = try ExecutionPlan(mangled)
        let inputs = Dictionary(
          uniqueKeysWithValues: plan.inputs.map { ($0.name, Tensor(zeros: $0.type.elementType, shape: $0.type.shape)) })
        _ = try plan.makeContext().run(inputs)
        ran += 1
      } catch {
        #expect(error is any PareError, "\(error)")
      }
    }
    #expect(ran > 0, "some changes are harmless")
  }

  /// A random attribute of a window, an axis or an order of axes; or another operator of the same kind.
  private static func mangleWindow(_ graph: inout Graph, _ generator: inout SeededGenerator) {
    let node = generator.below(graph.nodes.count)
    let lists = [[0, 0], [1, 1], [3, 2], [2, 0], [5], [], [0, 1, 2, 3], [-1, 1], [1 << 20, 1], [.max, 1]]
    switch generator.below(3) {
    case 0:
      let keys = ["pads", "strides", "dilations", "kernel_shape", "perm"]
      graph.nodes[node].attributes[keys[generator.below(keys.count)]] = .ints(lists[generator.below(lists.count)])
    case 1:
      let keys = ["axis", "group", "keepdims", "count_include_pad", "is_causal"]
      graph.nodes[node].attributes[keys[generator.below(keys.count)]] = .int([0, 1, -1, 2, 7, .max][generator.below(6)])
    default:
      let operators: [OperatorName] = [
        "Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "Transpose", "Gather", "Slice", "Softmax", "LayerNormalization",
        "Tanh", "Gelu", "Add", "MatMul", "ReduceMean", "Flatten", "Concat", "Einsum", "BatchNormalization", "Attention",
      ]
      graph.nodes[node].operatorName = operators[generator.below(operators.count)]
    }
  }

  /// One random change: a name, an attribute, a parameter's type or shape, a node too few, too many or out of place.
  private static func mangle(_ graph: inout Graph, _ generator: inout SeededGenerator) {
    let names = graph.inputs.map(\.name) + graph.nodes.flatMap(\.outputs) + Array(graph.parameters.keys) + ["", "nothing"]
    guard !graph.nodes.isEmpty else { return }
    let node = generator.below(graph.nodes.count)
    switch generator.below(9) {
    case 0:
      guard !graph.nodes[node].inputs.isEmpty else { return }
      graph.nodes[node].inputs[generator.below(graph.nodes[node].inputs.count)] = names[generator.below(names.count)]
    case 1:
      let keys = ["axis", "transA", "transB", "alpha", "beta", "saturate", "to", "bogus"]
      let values: [Attribute] = [.int(0), .int(1), .int(-1), .int(7), .int(.max), .float(.nan), .float(0), .string("x"), .ints([])]
      graph.nodes[node].attributes[keys[generator.below(keys.count)]] = values[generator.below(values.count)]
    case 2: graph.nodes.remove(at: node)
    case 3: graph.nodes.swapAt(node, generator.below(graph.nodes.count))
    case 4:
      let operators: [OperatorName] = ["Gemm", "Add", "Relu", "Softmax", "QuantizeLinear", "DequantizeLinear", "Clip", "Reshape", "pare.Decide", "pare.QuantizedDense"]
      graph.nodes[node].operatorName = operators[generator.below(operators.count)]
    case 5: graph.nodes[node].inputs.append(names[generator.below(names.count)])
    case 6:
      if !graph.nodes[node].inputs.isEmpty { graph.nodes[node].inputs.removeLast() }
    case 7:
      guard !graph.inputs.isEmpty else { return }
      let dimensions: [[Dimension]] = [[], [0], ["batch"], ["batch", 0], ["batch", 6], [1, 5], ["a", "b"], ["batch", 5, 1]]
      graph.inputs[0].type = ValueType(types[generator.below(types.count)], dimensions[generator.below(dimensions.count)])
    default:
      let keys = Array(graph.parameters.keys)
      guard !keys.isEmpty else { return }
      let shapes: [Shape] = [[], [0], [1], [2], [7], [0, 5], [7, 5], [5, 7], [1, 1, 1]]
      var tensor = Tensor(zeros: types[generator.below(types.count)], shape: shapes[generator.below(shapes.count)])
      if generator.below(2) == 0 {
        let fill = UInt8(truncatingIfNeeded: generator.next())
        tensor.withUnsafeMutableBytes { for index in $0.indices { $0[index] = fill } }
        if tensor.elementType == .bool { return }
      }
      graph.parameters[keys[generator.below(keys.count)]] = Parameter(ParameterStorage(tensor), isTrainable: generator.below(2) == 0)
    }
  }
}
