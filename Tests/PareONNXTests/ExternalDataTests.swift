import Foundation
import PareGraph
import PareONNX
import PareTensor
import Testing

@Suite struct ExternalDataTests {
  private let folder: Folder
  private let values = Tensor([Float(1), 2, 3])

  init() throws {
    folder = try Folder()
    try Data([9, 9, 9, 9] + Array(WireTensor("", values).rawData)).write(to: URL(fileURLWithPath: folder.path + "/weights.bin"))
  }

  private func file(_ entries: [String: String]) -> SampleFile {
    var file = SampleFile()
    var tensor = WireTensor("c", values)
    tensor.clearRawData()
    tensor.location = .external
    tensor.externalData = entries.sorted { $0.key < $1.key }.map { WireEntry($0.key, $0.value) }
    file.model.graph.initializers = [tensor]
    file.output("c")
    return file
  }

  @Test func dataBesideTheModelAreRead() throws {
    for entries in [["offset": "4", "length": "12"], ["offset": "4"]] {
      let model = try file(entries.merging(["location": "weights.bin"]) { first, _ in first }).decoded(folder: folder.path)
      #expect(model.graph.parameters["c"]?.storage.decoded() == values)
    }
  }

  @Test func nothingOutsideTheFolderIsRead() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/inside", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/inside/link", withDestinationPath: "../weights.bin")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/up", withDestinationPath: "..")
    let inside = folder.path + "/inside"
    let name = URL(fileURLWithPath: folder.path).lastPathComponent
    for location in [folder.path + "/weights.bin", "../weights.bin", "a/../../weights.bin", "link", "", "."] {
      let error = try file(["location": location, "offset": "4"]).failure(folder: inside)
      #expect(error?.code == "onnx.external-data", "\(location)")
    }
    #expect(try file(["location": "up/\(name)/weights.bin", "offset": "4"]).failure(folder: inside)?.code == "onnx.external-data")
  }

  @Test func placesBeyondTheFileAreRefused() throws {
    let places = [
      ["offset": "5"], ["offset": "-4"], ["offset": "9223372036854775807"], ["length": "13"], ["length": "-1"],
      ["length": "9223372036854775807"], ["offset": "x"],
    ]
    for place in places {
      let error = try file(place.merging(["location": "weights.bin"]) { first, _ in first }).failure(folder: folder.path)
      #expect(error?.code == "onnx.external-data", "\(place)")
    }
    #expect(try file(["location": "weights.bin"]).failure(folder: nil)?.code == "onnx.external-data")
    #expect(try file(["location": "missing.bin"]).failure(folder: folder.path)?.category == .noInput)
  }

  @Test func weightsCanBeWrittenBesideTheModel() throws {
    var builder = GraphBuilder(name: "wide")
    let x = try builder.input("x", ValueType(.float32, ["batch", 20]))
    let w = try builder.parameter("w", Tensor((0..<600).map { Float($0) }, shape: [20, 30]), isTrainable: true)
    try builder.output(try builder.apply("MatMul", [x, w], name: "y"))
    let path = folder.path + "/wide.onnx"
    try ONNXFile.write(Model(graph: builder.graph), to: path, options: ONNXExportOptions(externalData: true))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + ".data")).count == 2400)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count < 1000)
    #expect(try ONNXFile.read(path).graph.parameters["w"] == builder.graph.parameters["w"])
  }
}
