import PareGraph
import PareTensor

extension Graph {
  /// Without batch normalization behind layers; what took it in is trained like what it replaces.
  func foldingTrainedBatchNormalization() throws -> Graph {
    var folded = try foldingBatchNormalization()
    let before = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for node in folded.nodes {
      let isTrainable = before[node.name]?.inputs.contains { parameters[$0]?.isTrainable ?? false } ?? false
      for (index, name) in node.inputs.enumerated() where parameters[name] == nil && folded.parameters[name] != nil {
        folded.parameters[name]?.isTrainable = isTrainable
        // A mask on the weights holds for what they become.
        guard let tensor = folded.parameters[name]?.storage.decoded(),
          let layout = before[node.name]?.input(index).flatMap({ parameters[$0] })?.storage.layout
        else { continue }
        folded.parameters[name]?.storage = ParameterStorage(tensor, layout: layout)
      }
    }
    return folded
  }
}
