import PareGraph
import PareTensor
import Testing

@Suite struct ParameterStorageTests {
  /// Every third element of a sample, the others 0.
  private func sparse(_ shape: Shape) -> Tensor {
    let values = Tensor.sample(shape).values(as: Float.self).enumerated().map { $0.offset % 3 == 0 ? $0.element : 0 }
    return Tensor(values, shape: shape)
  }

  private func reread(_ storage: ParameterStorage, changing change: (inout [String: Tensor]) -> Void = { _ in }) throws
    -> ParameterStorage
  {
    var sections = Dictionary(uniqueKeysWithValues: storage.sections.map { ($0.suffix, $0.tensor) })
    change(&sections)
    return try ParameterStorage(
      name: "w", shape: storage.shape, layout: storage.layout, element: storage.element, coding: storage.coding,
      section: { sections[$0] })
  }

  @Test(arguments: ParameterStorage.Layout.allCases, [[0], [1], [7], [8], [9], [5, 13], []] as [Shape])
  func whatIsStoredComesBack(_ layout: ParameterStorage.Layout, _ shape: Shape) throws {
    let tensor = sparse(shape)
    let storage = ParameterStorage(tensor, layout: layout)
    #expect(storage.decoded() == tensor)
    #expect(try reread(storage) == storage)
    #expect(storage.byteCount == storage.sections.reduce(0) { $0 + $1.tensor.byteCount })
    #expect(storage.elementType == .float32)
  }

  @Test(arguments: ParameterStorage.Layout.allCases)
  func everyElementTypeComesBack(_ layout: ParameterStorage.Layout) throws {
    let tensors: [Tensor] = [
      Tensor([0, 1, -2, 0] as [Int8]), Tensor([0, 200] as [UInt8]), Tensor([0, -3] as [Int16]), Tensor([0, 3] as [UInt16]),
      Tensor([0, -4, 5] as [Int32]), Tensor([0, 6] as [UInt32]), Tensor([0, -7] as [Int64]), Tensor([0, 8] as [UInt64]),
      Tensor([false, true]), Tensor([0, 1.5] as [Double]), Tensor(zeros: .float16, shape: [3]),
      Tensor(packedFourBits: [0xf8, 0x70, 0x01], elementType: .int4, shape: [5]),
      Tensor(packedFourBits: [0xf8, 0x70, 0x01], elementType: .uint4, shape: [1, 5, 1]),
    ]
    for tensor in tensors {
      let storage = ParameterStorage(tensor, layout: layout)
      #expect(storage.decoded() == tensor)
      #expect(try reread(storage) == storage)
    }
  }

  @Test func negativeZeroAndNotANumberAreNoZeros() {
    let tensor = Tensor([0, -0.0, .nan, 1] as [Float])
    let storage = ParameterStorage(tensor, layout: .bitmask)
    #expect(storage.decoded() == tensor)
    #expect(storage.trainingMask == [false, true, true, true])
    let shared = ParameterStorage(indices: [0, 1, 0], table: [-0.0, 0], shape: [3], layout: .bitmask)
    #expect(shared.decoded() == Tensor([-0.0, 0, -0.0] as [Float]))
  }

  @Test func aBitmaskWeighsABitPerElementAndTheOthers() {
    let storage = ParameterStorage(sparse([4, 25]), layout: .bitmask)
    #expect(storage.byteCount == 13 + 34 * 4)
    #expect(storage.trainingMask?.count(where: { $0 }) == 34)
    #expect(ParameterStorage(sparse([4, 25])).trainingMask == nil)
  }

  @Test(arguments: 1...16, ParameterStorage.Layout.allCases)
  func indicesOfEveryWidthComeBack(_ bits: Int, _ layout: ParameterStorage.Layout) throws {
    var generator = SeededGenerator(seed: UInt64(bits))
    // The largest table of the width, and the smallest.
    for count in [1 << bits, 1 << (bits - 1) + 1] where count > 1 {
      let table = (0..<count).map { Float($0) }
      let indices = (0..<133).map { $0 == 0 ? count - 1 : generator.below(count) }
      let storage = ParameterStorage(indices: indices, table: table, shape: [7, 19], layout: layout)
      #expect(storage.element == .codebook(bits: bits))
      #expect(storage.decoded() == Tensor(indices.map { table[$0] }, shape: [7, 19]))
      #expect(try reread(storage) == storage)
      let stored = layout == .dense ? 133 : indices.count(where: { $0 != 0 })
      #expect(storage.byteCount == (stored * bits + 7) / 8 + count * 4 + (layout == .dense ? 0 : 17))
    }
  }

  @Test func aTableOfOneNeedsOneBit() throws {
    let storage = ParameterStorage(indices: [0, 0, 0], table: [2.5], shape: [3])
    #expect(storage.element == .codebook(bits: 1))
    #expect(storage.decoded() == Tensor([2.5, 2.5, 2.5] as [Float]))
    #expect(try reread(storage) == storage)
  }

  @Test(arguments: [[0], [1], [7], [8], [9], [5, 13], []] as [Shape])
  func signsWeighABitEach(_ shape: Shape) throws {
    let numbers = Tensor.sample(shape).values(as: Float.self).map { Float($0 > 0 ? 1 : -1) }
    let tensor = Tensor(numbers, shape: shape)
    let storage = try #require(ParameterStorage(signsOf: tensor))
    #expect(storage.decoded() == tensor)
    #expect(storage.elementType == .float32 && storage.byteCount == (shape.elementCount + 7) / 8)
    #expect(try reread(storage) == storage)
  }

  @Test func signsUnderAMaskAreTernary() throws {
    let tensor = Tensor([0, 1, -1, 0, 0, -1, 1, 1, -1, 0, 1] as [Float])
    let storage = try #require(ParameterStorage(signsOf: tensor, layout: .bitmask))
    #expect(storage.decoded() == tensor)
    #expect(storage.byteCount == 2 + 1)
    #expect(try reread(storage) == storage)
  }

  @Test func whatIsNoSignHasNoSuchStorage() {
    #expect(ParameterStorage(signsOf: Tensor([1, 0] as [Float])) == nil)
    #expect(ParameterStorage(signsOf: Tensor([1, -0.0] as [Float]), layout: .bitmask) == nil)
    #expect(ParameterStorage(signsOf: Tensor([1, .nan] as [Float])) == nil)
    #expect(ParameterStorage(signsOf: Tensor([1, 0.5] as [Float])) == nil)
    #expect(ParameterStorage(signsOf: Tensor([1, -1] as [Int8])) == nil)
  }

  // MARK: - Coding

  /// A storage of each kind whose sections grow shorter by a code.
  private func coded() throws -> [ParameterStorage] {
    var generator = SeededGenerator(seed: 5)
    let indices = (0..<999).map { _ in min(Int(abs(generator.normal()) * 2), 6) }
    let table: [Float] = [0, -1, .nan, 3, 0.5, 7, -0.25]
    let integers = Tensor((0..<999).map { _ in Int8(generator.normal() * 6) }, shape: [27, 37])
    let signs = Tensor(indices.map { Float($0 < 4 ? 0 : $0 < 6 ? 1 : -1) })
    let few = Tensor(indices.map { Float($0 < 5 ? 1 : -1) })
    let storages: [ParameterStorage?] = [
      ParameterStorage(Tensor(indices.map { table[$0] }, shape: [999])), ParameterStorage(sparse([31, 40]), layout: .bitmask),
      ParameterStorage(integers), ParameterStorage(integers, layout: .bitmask),
      ParameterStorage(indices: indices, table: table, shape: [999]),
      ParameterStorage(indices: indices, table: table, shape: [3, 333], layout: .bitmask),
      ParameterStorage(signsOf: signs, layout: .bitmask), ParameterStorage(signsOf: few),
      ParameterStorage(Tensor(packedFourBits: (0..<500).map { UInt8($0 % 3) }, elementType: .int4, shape: [999])),
      ParameterStorage(Tensor(indices.map { $0 == 6 })), ParameterStorage(Tensor(indices.map { Int64($0) })),
    ]
    return storages.compactMap { $0?.entropyCoded() }
  }

  @Test func codedSectionsAreShorterAndDecodeToTheBit() throws {
    for storage in try coded() {
      let plain = storage.uncoded()
      #expect(storage.coding == .entropy && plain.coding == .none && storage != plain)
      #expect(storage.decoded() == plain.decoded() && storage.trainingMask == plain.trainingMask)
      #expect(storage.byteCount < plain.byteCount && plain.byteCount == storage.byteCountUncoded)
      #expect(storage.byteCount == storage.sections.reduce(0) { $0 + $1.tensor.byteCount })
      #expect(try reread(storage) == storage)
      #expect(storage.entropyCoded() == storage && plain.entropyCoded() == storage)
      #expect(storage.entropyCoded(overhead: plain.byteCount - storage.byteCount) == plain)
    }
  }

  @Test(arguments: ParameterStorage.Layout.allCases, [[0], [1], [5, 13], []] as [Shape])
  func whatGrowsNoShorterStaysAsItIs(_ layout: ParameterStorage.Layout, _ shape: Shape) throws {
    let storage = ParameterStorage(sparse(shape), layout: layout)
    let coded = storage.entropyCoded()
    #expect(coded.byteCount <= storage.byteCount)
    #expect((coded == storage) == (coded.byteCount == storage.byteCount))
    #expect(try reread(coded) == coded && coded.decoded() == storage.decoded())
  }

  @Test func codesThatAreDamagedMissingOrOfAnotherKindAreRefused() throws {
    for storage in try coded() {
      for (suffix, tensor) in storage.sections where suffix.hasSuffix(".coded") {
        refuses(storage) { $0[suffix] = nil }
        refuses(storage) { $0[suffix] = tensor.reshaped(to: [1, tensor.elementCount]) }
        refuses(storage) { $0[suffix] = Tensor(zeros: .int8, shape: tensor.shape) }
        refuses(storage) { $0[suffix] = Tensor(Array(tensor.values(as: UInt8.self).dropLast())) }
        refuses(storage) { $0[suffix] = Tensor(tensor.values(as: UInt8.self) + [0]) }
      }
    }
  }

  @Test func aCodingWithoutACodeIsRefused() {
    let error = #expect(throws: GraphError.self) {
      try ParameterStorage(name: "w", shape: [2], layout: .dense, element: .plain(.float32), coding: .entropy) {
        $0 == "" ? Tensor([1, 2] as [Float]) : nil
      }
    }
    #expect(error?.expected == "a coded section")
  }

  @Test func aCodedBooleanIsZeroOrOne() {
    let error = #expect(throws: GraphError.self) {
      try ParameterStorage(name: "w", shape: [1], layout: .dense, element: .plain(.bool), coding: .entropy) {
        // Uniform symbols of eight bits, and 2.
        $0 == ".coded" ? Tensor([0b11_1100, 1, 0, 0, 2] as [UInt8]) : nil
      }
    }
    #expect(error?.expected == "in 'w.coded' 0 or 1" && error?.found == "2")
  }

  // MARK: - Hostile sections

  @Test func bitsBehindTheLastSignAreRefused() throws {
    let storage = try #require(ParameterStorage(signsOf: Tensor([1, -1, 1] as [Float])))
    refuses(storage) { $0[".signs"] = Tensor([0x0d] as [UInt8]) }
  }

  private func refuses(
    _ storage: ParameterStorage, _ change: (inout [String: Tensor]) -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: GraphError.self, sourceLocation: sourceLocation) { try reread(storage, changing: change) }
    #expect(error?.code == "graph.parameter-section", sourceLocation: sourceLocation)
    #expect(error?.subject == "parameter 'w'", sourceLocation: sourceLocation)
  }

  @Test func theUnusedHalfOfALastByteIsZero() {
    let storage = ParameterStorage(Tensor(packedFourBits: [0x21, 0x03], elementType: .uint4, shape: [3]))
    #expect(storage.byteCount == 2)
    refuses(storage) { $0[".packed"] = Tensor([0x21, 0x13] as [UInt8]) }
  }

  @Test func missingMisshapenAndMistypedSectionsAreRefused() {
    let storages = [
      ParameterStorage(sparse([5, 13])), ParameterStorage(sparse([5, 13]), layout: .bitmask),
      ParameterStorage(indices: [0, 1, 2, 1], table: [0, 1, 2], shape: [4]),
      ParameterStorage(indices: [0, 1, 2, 1], table: [0, 1, 2], shape: [4], layout: .bitmask),
      ParameterStorage(Tensor(packedFourBits: [0xf8, 0x70, 0x01], elementType: .int4, shape: [5])),
      ParameterStorage(Tensor(packedFourBits: [0xf8, 0x70, 0x01], elementType: .uint4, shape: [5]), layout: .bitmask),
    ]
    let signs = Tensor([1, -1, -1, 1, 1, 1, -1, 1, 1] as [Float])
    for storage in storages + [ParameterStorage(signsOf: signs), ParameterStorage(signsOf: signs, layout: .bitmask)].compactMap({ $0 }) {
      for (suffix, tensor) in storage.sections {
        refuses(storage) { $0[suffix] = nil }
        refuses(storage) { $0[suffix] = Tensor(zeros: .int64, shape: tensor.shape) }
        refuses(storage) { $0[suffix] = tensor.reshaped(to: Shape([1] + tensor.shape.dimensions)) }
        if suffix != ".codebook" {
          refuses(storage) { $0[suffix] = Tensor(zeros: tensor.elementType, shape: [tensor.elementCount + 1]) }
        }
      }
    }
  }

  @Test func aMaskThatCountsOtherwiseThanItsValuesIsRefused() {
    let storage = ParameterStorage(sparse([5, 13]), layout: .bitmask)
    refuses(storage) { $0[".mask"]?.withUnsafeMutableElements(as: UInt8.self) { $0[0] ^= 2 } }
  }

  @Test func bitsBehindTheLastElementAreRefused() {
    let storage = ParameterStorage(sparse([5, 13]), layout: .bitmask)
    refuses(storage) { sections in
      sections[".mask"]?.withUnsafeMutableElements(as: UInt8.self) { $0[8] |= 0x80 }
      // So that mask and values agree on their number.
      sections[".values"] = sections[".values"].map { Tensor($0.values(as: Float.self) + [1]) }
    }
  }

  @Test func indicesBeyondTheTableAreRefused() {
    let storage = ParameterStorage(indices: [0, 1, 2, 1], table: [0, 1, 2], shape: [4])
    refuses(storage) { $0[".indices"]?.withUnsafeMutableElements(as: UInt8.self) { $0[0] = 0xff } }
    refuses(storage) { $0[".codebook"] = Tensor([0, 1] as [Float]) }
    refuses(storage) { $0[".codebook"] = Tensor([Float]()) }
    refuses(storage) { $0[".codebook"] = Tensor([0, 1, 2, 3, 4] as [Float]) }
  }

  @Test(arguments: [-1, 0, 17, Int.max])
  func otherWidthsThanOneToSixteenBitsAreRefused(_ bits: Int) {
    #expect(throws: GraphError.self) {
      try ParameterStorage(name: "w", shape: [1], layout: .dense, element: .codebook(bits: bits)) { _ in Tensor([1] as [Float]) }
    }
  }

  @Test(arguments: ParameterStorage.Layout.allCases, [.plain(.float32), .codebook(bits: 16), .sign] as [ParameterStorage.Element])
  func shapesThatNoFileHoldsAreRefused(_ layout: ParameterStorage.Layout, _ element: ParameterStorage.Element) {
    #expect(throws: GraphError.self) {
      try ParameterStorage(name: "w", shape: [Int.max], layout: layout, element: element) { suffix in
        suffix == ".codebook" ? Tensor([1] as [Float]) : Tensor([1] as [UInt8])
      }
    }
  }
}
