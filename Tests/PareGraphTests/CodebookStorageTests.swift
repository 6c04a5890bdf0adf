import PareGraph
import PareTensor
import Testing

/// Tables of groups and of vectors.
@Suite struct CodebookStorageTests {
  private func reread(_ storage: ParameterStorage, changing change: (inout [String: Tensor]) -> Void = { _ in }) throws -> ParameterStorage {
    var sections = Dictionary(uniqueKeysWithValues: storage.sections.map { ($0.suffix, $0.tensor) })
    change(&sections)
    return try ParameterStorage(
      name: "w", shape: storage.shape, layout: storage.layout, element: storage.element, coding: storage.coding,
      section: { sections[$0] })
  }

  private static let shapes: [Shape] = [[5, 6], [1, 7, 4], [3, 2, 2, 2], [9]]

  @Test(arguments: shapes, ParameterStorage.Layout.allCases)
  func everyGroupHasItsTable(_ shape: Shape, _ layout: ParameterStorage.Layout) throws {
    var generator = SeededGenerator(seed: 3)
    for axis in 0..<shape.rank {
      for size in [1, 2, 3, 100] {
        let groups = TableGroups(axis: axis, size: size)
        let tables: [[Float]] = (0..<groups.count(in: shape)).map { group in [0] + (1..<5).map { Float(10 * group + $0) } }
        let indices = (0..<shape.elementCount).map { _ in generator.below(5) }
        // The coordinate along the axis, counted out.
        let coordinates = (0..<shape.elementCount).map { $0 / shape.strides[axis] % shape[axis] }
        let expected = Tensor(zip(indices, coordinates).map { tables[$1 / size][$0] }, shape: shape)
        let stored = ParameterStorage(indices: indices, tables: tables, groups: groups, shape: shape, layout: layout)
        for storage in [stored, stored.entropyCoded()] {
          #expect(storage.element == .codebook(bits: 3, groups: groups))
          #expect(storage.decoded() == expected)
          #expect(try reread(storage) == storage)
          #expect(storage.sharedValues() == nil)
        }
      }
    }
  }

  @Test(arguments: [2, 3, 4, 8], 1...9) func vectorsComeBack(_ dimension: Int, _ bits: Int) throws {
    var generator = SeededGenerator(seed: UInt64(bits))
    let count = 1 << (bits - 1) + 1
    let table = (0..<count * dimension).map { $0 == 5 ? Float.nan : Float($0) }
    let indices = (0..<24).map { $0 == 0 ? count - 1 : generator.below(count) }
    let shape: Shape = [3, 8 * dimension]
    let storage = ParameterStorage(indices: indices, vectors: table, dimension: dimension, shape: shape)
    #expect(storage.element == .codebook(bits: bits, dimension: dimension))
    let expected = Tensor(indices.flatMap { table[$0 * dimension..<($0 + 1) * dimension] }, shape: shape)
    #expect(storage.decoded() == expected)
    #expect(storage.byteCount == 3 * bits + 4 * table.count)
    #expect(storage.sharedValues() == nil && storage.trainingMask == nil)
    for storage in [storage, storage.entropyCoded()] { #expect(try reread(storage) == storage) }
  }

  // MARK: - Hostile sections

  private func refuses(
    _ storage: ParameterStorage, _ change: (inout [String: Tensor]) -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: GraphError.self, sourceLocation: sourceLocation) { try reread(storage, changing: change) }
    #expect(error?.code == "graph.parameter-section", sourceLocation: sourceLocation)
  }

  @Test func tablesOfAnotherShapeAreRefused() {
    let groups = TableGroups(axis: 0, size: 2)
    let storages = [
      ParameterStorage(indices: [0, 1, 2, 1, 0, 1], tables: [[0, 1, 2], [3, 4, 5]], groups: groups, shape: [3, 2]),
      ParameterStorage(indices: [0, 1, 2], vectors: [0, 1, 2, 3, 4, 5], dimension: 2, shape: [3, 2]),
    ]
    for storage in storages {
      refuses(storage) { $0[".codebook"] = nil }
      refuses(storage) { $0[".codebook"] = $0[".codebook"]?.reshaped(to: [6]) }
      refuses(storage) { $0[".codebook"] = Tensor(zeros: .float32, shape: [3, 3]) }
      refuses(storage) { $0[".codebook"] = Tensor(zeros: .float32, shape: [2, 2]) }
      refuses(storage) { $0[".codebook"] = Tensor(zeros: .float32, shape: [5, 2]) }
      refuses(storage) { $0[".codebook"] = Tensor(zeros: .int32, shape: $0[".codebook"]?.shape ?? []) }
      refuses(storage) { $0[".indices"]?.withUnsafeMutableElements(as: UInt8.self) { $0[0] |= 3 } }
    }
  }

  @Test(arguments: [
    ([3, 2], .dense, .codebook(bits: 2, dimension: 4), [3, 4]), ([4, 2], .bitmask, .codebook(bits: 2, dimension: 2), [3, 2]),
    ([4, 2], .dense, .codebook(bits: 2, dimension: 2, groups: TableGroups(axis: 0, size: 1)), [4, 3]),
    ([4, 2], .dense, .codebook(bits: 2, groups: TableGroups(axis: 2, size: 1)), [4, 3]),
    ([0, Int.max / 2], .dense, .codebook(bits: 2, groups: TableGroups(axis: 1, size: 1)), [1, 3]),
    ([4, 2], .dense, .codebook(bits: 0, dimension: 2), [1, 2]), ([4, 2], .dense, .codebook(bits: 2, dimension: 0), [1, 1]),
  ] as [(Shape, ParameterStorage.Layout, ParameterStorage.Element, Shape)])
  func formsThatFitNoShapeAreRefused(
    _ shape: Shape, _ layout: ParameterStorage.Layout, _ element: ParameterStorage.Element, _ table: Shape
  ) {
    let error = #expect(throws: GraphError.self) {
      try ParameterStorage(name: "w", shape: shape, layout: layout, element: element) {
        $0 == ".codebook" ? Tensor(zeros: .float32, shape: table) : Tensor([UInt8](repeating: 0, count: 1))
      }
    }
    #expect(error?.code == "graph.parameter-section")
  }
}
