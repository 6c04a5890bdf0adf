import PareTensor
import Testing

@Suite struct TensorTests {
  @Test func aCopyIsNotChangedWithTheOriginal() {
    var original = Tensor([1, 2, 3] as [Float])
    let copy = original
    original.withUnsafeMutableElements(as: Float.self) { $0[0] = 9 }
    #expect(copy.values() == [1, 2, 3] as [Float])
    #expect(original.values() == [9, 2, 3] as [Float])
  }

  @Test func reshapingSharesElementsUntilOneIsChanged() {
    let matrix = Tensor([1, 2, 3, 4, 5, 6] as [Int32], shape: [2, 3])
    var vector = matrix.reshaped(to: [6])
    vector.withUnsafeMutableElements(as: Int32.self) { $0[5] = 0 }
    #expect(matrix.values() == [1, 2, 3, 4, 5, 6] as [Int32])
    #expect(vector.values() == [1, 2, 3, 4, 5, 0] as [Int32])
  }

  @Test func equalityIsOfBits() {
    #expect(Tensor([Float.nan]) == Tensor([Float.nan]))
    #expect(Tensor([0.0 as Float]) != Tensor([-0.0 as Float]))
    #expect(Tensor([1 as Int32]) != Tensor([1 as UInt32]))
    #expect(Tensor([1, 2] as [Int8]) != Tensor([1, 2] as [Int8], shape: [1, 2]))
  }

  @Test func everyElementTypeConvertsToFloat64() {
    #expect(Tensor([-1.5, 2] as [Float]).doubles == [-1.5, 2])
    #expect(Tensor([-1.5, 2] as [Double]).doubles == [-1.5, 2])
    #expect(Tensor([-128, 127] as [Int8]).doubles == [-128, 127])
    #expect(Tensor([0, 255] as [UInt8]).doubles == [0, 255])
    #expect(Tensor([-32768, 32767] as [Int16]).doubles == [-32768, 32767])
    #expect(Tensor([0, 65535] as [UInt16]).doubles == [0, 65535])
    #expect(Tensor([.min, .max] as [Int32]).doubles == [-2_147_483_648, 2_147_483_647])
    #expect(Tensor([0, .max] as [UInt32]).doubles == [0, 4_294_967_295])
    #expect(Tensor([.min] as [Int64]).doubles == [-0x1p63])
    #expect(Tensor([.max] as [UInt64]).doubles == [0x1p64])
    #expect(Tensor([true, false]).doubles == [1, 0])
    let halves: [UInt16] = [0x3c00, 0xc000]
    let bfloats: [UInt16] = [0x3f80, 0xc000]
    halves.withUnsafeBytes { #expect(Tensor(elementType: .float16, shape: [2], bytes: $0).doubles == [1, -2]) }
    bfloats.withUnsafeBytes { #expect(Tensor(elementType: .bfloat16, shape: [2], bytes: $0).doubles == [1, -2]) }
  }

  @Test func boolBytesOtherThanZeroAreTrue() {
    let bytes: [UInt8] = [0, 1, 2, 255]
    let tensor = bytes.withUnsafeBytes { Tensor(elementType: .bool, shape: [4], bytes: $0) }
    #expect(tensor == Tensor([false, true, true, true]))
  }

  @Test func emptyTensorsAndScalarsHaveTheirElementCounts() {
    #expect(Tensor(zeros: .float32, shape: [0, 3]).elementCount == 0)
    #expect(Tensor([Float]()).values(as: Float.self).isEmpty)
    #expect(Tensor(scalar: 3 as Double).doubles == [3])
  }

  @Test func countsThatOverflowAreSeen() {
    #expect(Shape.checkedElementCount([.max, 2]) == nil)
    #expect(Shape.checkedElementCount([-1]) == nil)
    #expect(Shape.checkedElementCount([]) == 1)
    #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
  }

  /// The numbers of onnx.proto's TensorProto.DataType.
  @Test func elementTypesHaveOnnxsNumbers() {
    for type in ElementType.allCases { #expect(ElementType(onnxDataType: type.onnxDataType) == type) }
    #expect(ElementType(onnxDataType: 1) == .float32)
    #expect(ElementType(onnxDataType: 7) == .int64)
    #expect(ElementType(onnxDataType: 11) == .float64)
    #expect(ElementType(onnxDataType: 0) == nil)
    #expect(ElementType(onnxDataType: 8) == nil)
  }
}

@Suite struct PareErrorTests {
  private struct Sample: PareError {
    var code = "sample.code"
    var subject = "recipe.yaml: steps[1]"
    var expected: String?
    var found: String?
    var category = ErrorCategory.badData
    var cause: (any Error)?
  }

  @Test func theDescriptionIsOneLine() {
    let inner = Sample(found: "two\nlines")
    #expect(Sample(expected: "a fraction", found: "1.2").description == "recipe.yaml: steps[1]: expected a fraction, found 1.2")
    #expect(Sample(expected: "a fraction").description == "recipe.yaml: steps[1]: expected a fraction")
    #expect(Sample(found: "no such key").description == "recipe.yaml: steps[1]: no such key")
    #expect(Sample().description == "recipe.yaml: steps[1]: sample.code")
    #expect(
      Sample(found: "broken", cause: inner).description
        == "recipe.yaml: steps[1]: broken (recipe.yaml: steps[1]: two lines)")
  }
}
