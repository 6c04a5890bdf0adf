import PareGraph
import PareONNX
import Testing

@Suite struct NodeImportTests {
  @Test func aNodeKeepsWhatIsNoTensor() {
    let node = ONNXNode(
      name: "relu", operatorName: "Relu", opset: 21, inputs: ["x"], outputs: ["y"], attributes: ["a": .int(1)])
    #expect(node.node == Node("Relu", name: "relu", inputs: ["x"], outputs: ["y"], attributes: ["a": .int(1)]))
  }
}
