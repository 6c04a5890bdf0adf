import PareGraph
import PareTensor
import Testing

@Suite struct PreprocessingConversionTests {
  private let x = Tensor([1, -2, 0.5, -1, -2, -0.5, 0, 0, 0] as [Float], shape: [3, 3])

  private func values(_ type: String, _ x: Tensor, _ attributes: [String: Attribute]) throws -> [Float] {
    try Conversion(type, x, attributes).outputs[0].values()
  }

  @Test func scalersTakeOneNumberOrOnePerColumn() throws {
    #expect(
      try values("Scaler", x, ["offset": .floats([1, 0, -1]), "scale": .floats([2, 3, 4])])
        == [0, -6, 6, -4, -6, 2, -2, 0, 4])
    #expect(try values("Scaler", x, ["scale": .floats([2])]) == [2, -4, 1, -2, -4, -1, 0, 0, 0])
    #expect(try values("Scaler", Tensor([3, 5] as [Int64], shape: [1, 2]), ["offset": .floats([0.5])]) == [2.5, 4.5])
    #expect(throws: GraphError.self) { try values("Scaler", x, ["offset": .floats([1, 2])]) }
  }

  @Test func rowsAreDividedByTheirNorm() throws {
    #expect(try values("Normalizer", x, ["norm": .string("MAX")]) == [1, -2, 0.5, 2, 4, 1, 0, 0, 0])
    #expect(try values("Normalizer", x, [:]) == [1, -2, 0.5, 2, 4, 1, 0, 0, 0])
    let l1 = try Conversion("Normalizer", x, ["norm": .string("L1")]).outputs[0]
    expectClose(l1, [1, -2, 0.5, -1, -2, -0.5, 0, 0, 0].map { $0 / 3.5 }, roundings: 4)
    let l2 = try Conversion("Normalizer", x, ["norm": .string("L2")]).outputs[0]
    expectClose(l2, [1, -2, 0.5, -1, -2, -0.5, 0, 0, 0].map { $0 / 5.25.squareRoot() }, roundings: 6)
    #expect(throws: GraphError.self) { try values("Normalizer", x, ["norm": .string("L3")]) }
  }

  @Test func binarizersAskForMoreThanTheThreshold() throws {
    #expect(try values("Binarizer", x, ["threshold": .float(0.5)]) == [1, 0, 0, 0, 0, 0, 0, 0, 0])
    let integers = try Conversion("Binarizer", Tensor([0, 1, 2] as [Int64]), ["threshold": .float(0.5)]).outputs[0]
    #expect(integers == Tensor([0, 1, 1] as [Int64]))
  }

  @Test func imputersReplaceNaNAndNumbers() throws {
    let gaps = Tensor([.nan, 1, 2, .nan] as [Float], shape: [2, 2])
    #expect(
      try values("Imputer", gaps, ["imputed_value_floats": .floats([5, 6]), "replaced_value_float": .float(.nan)])
        == [5, 1, 2, 6])
    #expect(
      try values("Imputer", Tensor([0, 1] as [Float], shape: [1, 2]), ["imputed_value_floats": .floats([7])]) == [7, 1])
    let integers = try Conversion(
      "Imputer", Tensor([-1, 4] as [Int64]), ["imputed_value_int64s": .ints([9]), "replaced_value_int64": .int(-1)])
    #expect(integers.outputs[0] == Tensor([9, 4] as [Int64]))
    #expect(throws: GraphError.self) { try values("Imputer", gaps, [:]) }
  }

  @Test func zipMapsYieldTheProbabilitiesAndName() throws {
    let found = try Conversion("ZipMap", x, ["classlabels_strings": .strings(["a", "b", "c"])])
    #expect(found.outputs[0] == x)
    #expect(found.metadata == ["classes": ["a", "b", "c"]])
    #expect(try Conversion("ZipMap", x, ["classlabels_int64s": .ints([-1, 0, 1])]).metadata["classes"] == ["-1", "0", "1"])
    #expect(throws: GraphError.self) { try Conversion("ZipMap", x, [:]) }
  }

  @Test func featuresAreTakenFromTheLastAxis() throws {
    let columns = try Conversion("ArrayFeatureExtractor", x, [:], constants: [Tensor([2, 0] as [Int64], shape: [1, 2])])
    #expect(columns.outputs[0] == Tensor([0.5, 1, -0.5, -1, 0, 0] as [Float], shape: [3, 2]))
    let vector = try Conversion("ArrayFeatureExtractor", Tensor([4, 5, 6] as [Int32]), [:], constants: [Tensor([1, 1] as [Int64])])
    #expect(vector.outputs[0] == Tensor([5, 5] as [Int32], shape: [1, 2]))
  }

  @Test func fromNamesTheIndicesAreTaken() throws {
    let found = try Conversion(
      "ArrayFeatureExtractor", x, [:], constants: [Tensor([1, 0, 1] as [Int64], shape: [3, 1])], texts: ["sell", "buy"])
    #expect(found.outputs[0] == Tensor([1, 0, 1] as [Int64], shape: [1, 3]))
    #expect(found.metadata["classes"] == ["sell", "buy"])
  }

  @Test func labelsAreEncoded() throws {
    let integers = Tensor([3, 7, 3, 1] as [Int64], shape: [2, 2])
    #expect(
      try values(
        "LabelEncoder", integers,
        ["keys_int64s": .ints([1, 3]), "values_floats": .floats([0.5, 1.5]), "default_float": .float(-2)])
        == [1.5, -2, 1.5, 0.5])
    let back = try Conversion(
      "LabelEncoder", Tensor([1.5, 0.25] as [Float]), ["keys_floats": .floats([0.5, 1.5]), "values_int64s": .ints([1, 3])])
    #expect(back.outputs[0] == Tensor([3, -1] as [Int64]))
    let tensors = try Conversion(
      "LabelEncoder", integers, [:], opset: 4,
      tensors: [
        "keys_tensor": Tensor([1, 3] as [Int64]), "values_tensor": Tensor([10, 30] as [Int32]),
        "default_tensor": Tensor([5] as [Int32]),
      ])
    #expect(tensors.outputs[0] == Tensor([30, 5, 30, 10] as [Int32], shape: [2, 2]))
    let named = try Conversion("LabelEncoder", Tensor([1, 0] as [Int64]), ["keys_int64s": .ints([0, 1]), "values_strings": .strings(["a", "b"])])
    #expect(named.outputs[0] == Tensor([1, 0] as [Int64]))
    #expect(named.metadata["classes"] == ["a", "b"])
  }

  @Test func encodersOfOtherTextsAreRefused() {
    let x = Tensor([1, 0] as [Int64])
    for attributes: [String: Attribute] in [
      [:], ["keys_int64s": .ints([1]), "values_strings": .strings(["a"])], ["keys_strings": .strings(["a"]), "values_int64s": .ints([1])],
      ["keys_int64s": .ints([1, 2]), "values_int64s": .ints([1])], ["keys_floats": .floats([1]), "values_int64s": .ints([1])],
    ] {
      #expect(throws: GraphError.self) { try Conversion("LabelEncoder", x, attributes) }
    }
  }
}
