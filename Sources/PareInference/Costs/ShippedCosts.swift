import PareArtifact
import PareTensor

extension CostTable {
  /// The table that comes with Pare for an instruction set: measured on one processor of its class, or the nearest one's
  /// where none was at hand.
  public static func shipped(for kernels: InstructionSet) -> CostTable {
    shippedTables[kernels] ?? CostTable(processor: "unknown", kernels: kernels, entry: 15, grids: [:])
  }

  private static let shippedTables: [InstructionSet: CostTable] = {
    var tables: [InstructionSet: CostTable] = [:]
    for text in ShippedCostTexts.all {
      guard let table = try? CostTable(decoding: text, subject: "a shipped cost table") else { continue }
      tables[table.kernels] = table
    }
    for (kernels, nearest) in unmeasured {
      guard let table = tables[nearest] else { continue }
      tables[kernels] = CostTable(
        processor: "not measured; as \(nearest.rawValue) on \(table.processor)", kernels: kernels, entry: table.entry,
        grids: table.grids)
    }
    return tables
  }()

  /// Instruction sets whose table is another's.
  private static let unmeasured: [(InstructionSet, as: InstructionSet)] = [
    (.avxvnni, .avx2), (.avx512vbmi, .avx512vpopcntdq), (.neon, .avx2), (.neondot, .avx2), (.neoni8mm, .avx2),
  ]

  /// - Throws: `ArtifactError` where there is no such file, or it is no cost table.
  public init(readingFrom path: String) throws {
    let bytes = try WholeFile.read(path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ArtifactError("content", subject: path, expected: "UTF-8", found: "other bytes")
    }
    try self.init(decoding: text, subject: path)
  }

  /// - Throws: `artifact.cannot-write`.
  public func write(to path: String) throws { try WholeFile.write(Array(encoded().utf8), to: path) }
}
