import PareArtifact
import PareGraph
import PareTensor

/// Models for the tests of this folder.
enum SampleModels {
  /// Two layers and a residual sum, with sections: little, but something of every part of the format.
  static func small(firstWeight: ParameterStorage? = nil) throws -> Model {
    var builder = GraphBuilder(name: "small")
    let x = try builder.input("features", ValueType(.float32, ["batch", 3]))
    var generator = SeededGenerator(seed: 1)
    func random(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
    }
    let weight = firstWeight ?? ParameterStorage(random([3, 3]))
    let w0 = try builder.parameter("dense_0.weight", Parameter(weight, isTrainable: true))
    let b0 = try builder.parameter("dense_0.bias", random([3]), isTrainable: true)
    let y0 = try builder.apply("Gemm", [x, w0, b0], attributes: ["transB": .int(1)], name: "dense_0")
    let active = try builder.apply("Relu", [y0], name: "relu_0", output: "active \"0\"\n")
    let sum = try builder.apply("Add", [active, x], name: "residual")
    let shift = try builder.parameter("shift", Tensor(scalar: Float(0.1)), isTrainable: false)
    try builder.output(try builder.apply("Add", [sum, shift], name: "shifted", output: "logits"))
    try builder.output(sum)
    return Model(graph: builder.graph, sections: ["features": #"{"names":["a","ü","\u0001"]}"#, "label": #"{"horizon":12}"#])
  }

  /// Parameters of every storage and element type, each used once by nothing but a sum.
  static func storages() -> [(name: String, storage: ParameterStorage)] {
    let sparse: [Float] = [0, 1.5, 0, -0.0, .leastNonzeroMagnitude, 0, 7, 0, 0, 3]
    let table: [Float] = [0, 0.25, -1, 8, 9]
    let samples: [(String, ParameterStorage?)] = [
      ("dense", ParameterStorage(Tensor(sparse, shape: [2, 5]))),
      ("bitmask", ParameterStorage(Tensor(sparse, shape: [2, 5]), layout: .bitmask)),
      ("bitmask int8", ParameterStorage(Tensor([0, 3, -128, 0] as [Int8]), layout: .bitmask)),
      ("bitmask of zeros", ParameterStorage(Tensor(zeros: .float32, shape: [3, 3]), layout: .bitmask)),
      ("codebook", ParameterStorage(indices: [0, 1, 2, 3, 4, 4, 3], table: table, shape: [7, 1])),
      ("codebook of one", ParameterStorage(indices: [0, 0, 0], table: [0.5], shape: [3])),
      ("sparse codebook", ParameterStorage(indices: [0, 1, 0, 3, 4, 0, 0, 0, 2], table: table, shape: [3, 3], layout: .bitmask)),
      ("empty", ParameterStorage(Tensor(zeros: .float32, shape: [0, 4]))),
      ("not a number", ParameterStorage(Tensor(scalar: Float(bitPattern: 0x7fc0_1234)))),
      ("infinite", ParameterStorage(Tensor(scalar: -Double.infinity))),
      ("negative zero", ParameterStorage(Tensor(scalar: Float(-0.0)))),
      ("third", ParameterStorage(Tensor(scalar: Float(1) / 3))),
      ("tiny", ParameterStorage(Tensor(scalar: Double.leastNonzeroMagnitude))),
      ("huge", ParameterStorage(Tensor(scalar: Float.greatestFiniteMagnitude))),
      ("int64", ParameterStorage(Tensor(scalar: Int64.min))),
      ("uint64", ParameterStorage(Tensor(scalar: UInt64.max))),
      ("int8", ParameterStorage(Tensor(scalar: Int8(-128)))),
      ("uint8", ParameterStorage(Tensor(scalar: UInt8(255)))),
      ("int16", ParameterStorage(Tensor(scalar: Int16.min))),
      ("uint16", ParameterStorage(Tensor(scalar: UInt16.max))),
      ("int32", ParameterStorage(Tensor(scalar: Int32.max))),
      ("uint32", ParameterStorage(Tensor(scalar: UInt32.max))),
      ("int4", ParameterStorage(Tensor(packedFourBits: [0x08], elementType: .int4, shape: []))),
      ("uint4", ParameterStorage(Tensor(packedFourBits: [0x0f], elementType: .uint4, shape: []))),
      ("odd int4", ParameterStorage(Tensor(packedFourBits: [0x7f, 0x98, 0x0a], elementType: .int4, shape: [1, 5]))),
      ("sparse uint4", ParameterStorage(Tensor(packedFourBits: [0x70, 0x90, 0x0a], elementType: .uint4, shape: [5]), layout: .bitmask)),
      ("signs", ParameterStorage(signsOf: Tensor([1, -1, 1, 1, -1, -1, 1, -1, -1, 1, 1] as [Float], shape: [1, 11]))),
      ("ternary", ParameterStorage(signsOf: Tensor([0, -1, 1, 0, 0, -1, 1, -1, -1, 1, 1] as [Float]), layout: .bitmask)),
      ("true", ParameterStorage(Tensor(scalar: true))),
      ("bitmask scalar", ParameterStorage(Tensor(scalar: Float(2)), layout: .bitmask)),
    ] + coded()
    var result = samples.compactMap { name, storage in storage.map { (name, $0) } }
    for type in ElementType.allCases {
      var tensor = Tensor(zeros: type, shape: [2, 2])
      tensor.withUnsafeMutableBytes { bytes in bytes[0] = 1 }
      result.append(("\(type.rawValue) tensor", ParameterStorage(tensor)))
      result.append(("\(type.rawValue) zero", ParameterStorage(Tensor(zeros: type, shape: []))))
    }
    return result
  }
}

extension SampleModels {
  /// Parameters whose sections lie in a file as codes.
  static func coded() -> [(String, ParameterStorage?)] {
    let numbers = (0..<300).map { ($0 * $0) % 11 % 4 }
    let table: [Float] = [0, 0.5, -1, 3]
    return [
      ("coded integers", ParameterStorage(Tensor(numbers.map { Int8($0 - 1) }, shape: [30, 10])).entropyCoded()),
      ("coded codebook", ParameterStorage(indices: numbers, table: table, shape: [300], layout: .bitmask).entropyCoded()),
      (
        "coded groups",
        ParameterStorage(indices: numbers, tables: [table, table.reversed()], groups: TableGroups(axis: 1, size: 8), shape: [20, 15])
          .entropyCoded()
      ),
      ("coded vectors", ParameterStorage(indices: numbers, vectors: table + table, dimension: 2, shape: [60, 10]).entropyCoded()),
      ("coded floats", ParameterStorage(Tensor(numbers.map { table[$0] }, shape: [10, 30])).entropyCoded()),
    ]
  }
}

extension Artifact {
  /// The bytes of a file with these contents and a checksum that fits them.
  static func signed(_ file: Safetensors) throws -> [UInt8] {
    var file = file
    file.metadata["checksum"] = checksum(of: file)
    return try file.encoded()
  }
}
