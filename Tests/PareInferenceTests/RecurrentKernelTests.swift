import CPareKernels
import PareInference
import PareTensor
import Testing

/// Every variant of the recurrent kernels against the scalar one, to the bit, with canaries around what they write.
@Suite struct RecurrentKernelTests {
  private static let hidden = [1, 3, 15, 16, 17, 31, 32, 33, 64, 100, 129]

  private var integers: [UnsafePointer<pare_recurrent_s16_kernels>] {
    var count = 0
    return UnsafeBufferPointer(start: pare_recurrent_s16_variants(&count), count: count).compactMap { $0 }
  }

  private var floats: [UnsafePointer<pare_recurrent_f32_kernels>] {
    var count = 0
    return UnsafeBufferPointer(start: pare_recurrent_f32_variants(&count), count: count).compactMap { $0 }
  }

  @Test func scalarComesFirstAndTheOthersAreNamedAfterWhatTheyNeed() throws {
    let all = integers.map { ($0.pointee.name, $0.pointee.needs) } + floats.map { ($0.pointee.name, $0.pointee.needs) }
    for (name, needs) in all {
      let variant = try #require(name)
      let set = try #require(InstructionSet(rawValue: String(cString: variant)))
      #expect(needs & ~set.extensions == 0 && (needs == 0) == (set == .scalar))
    }
    #expect(integers[0].pointee.needs == 0 && floats[0].pointee.needs == 0)
  }

  @Test(.enabled(if: InstructionSet.avx2.isAvailable, "no avx2")) func avx2EqualsScalar() { compare(.avx2) }
  @Test(.enabled(if: InstructionSet.avxvnni.isAvailable, "no avxvnni")) func avxvnniEqualsScalar() { compare(.avxvnni) }
  @Test(.enabled(if: InstructionSet.avx512.isAvailable, "no avx512")) func avx512EqualsScalar() { compare(.avx512) }
  @Test(.enabled(if: InstructionSet.avx512vnni.isAvailable, "no avx512vnni")) func avx512vnniEqualsScalar() {
    compare(.avx512vnni)
  }

  private func compare(_ set: InstructionSet) {
    func isOf(_ name: UnsafePointer<CChar>?) -> Bool { name.map { String(cString: $0) } == set.rawValue }
    var compared = 0
    for kernels in integers where isOf(kernels.pointee.name) {
      compareIntegerProducts(kernels.pointee)
      compareIntegerCells(kernels.pointee)
      compared += 1
    }
    for kernels in floats where isOf(kernels.pointee.name) {
      compareFloats(kernels.pointee)
      compared += 1
    }
    #expect(compared > 0)
  }

  // MARK: integers

  private func compareIntegerProducts(_ kernels: pare_recurrent_s16_kernels) {
    var cases = Operands(seed: 1)
    for inputs in [1, 3, 4, 5, 16, 33, 129] {
      for outputs in [1, 15, 16, 17, 33, 64, 100, 129, 400] {
        for rows in [1, 3, 4, 9] {
          let groups = (inputs + 3) / 4, tiles = (outputs + 15) / 16
          let extreme = rows == 3
          let weights = (0..<inputs * outputs).map { Int8(extreme ? ($0 % 3 == 0 ? -128 : 127) : cases.below(256) - 128) }
          var packed = [Int8](repeating: 0, count: pare_dense_u8s8_packed_count(outputs, inputs))
          pare_dense_u8s8_pack(weights, outputs, inputs, &packed)
          // Accumulators stay below 129 · 255 · 128 + 2^16 < 2^23: a shift by six leaves 17 bits.
          let layer = pare_gate_products(
            groups: Int32(groups), tiles: Int32(tiles), bits: Int32(cases.below(14)), weights: cases.place(packed),
            bias: cases.place((0..<tiles * 16).map { _ in Int32(cases.below(131_072) - 65_536) }),
            multiplier: cases.place((0..<tiles * 16).map { _ in Int32(1 << 13 + cases.below(1 << 13)) }),
            shift: cases.place((0..<tiles * 16).map { _ in Int32(6 + cases.below(26)) }))
          let x = cases.place((0..<rows * groups * 4).map { _ in extreme ? UInt8(255) : UInt8(cases.below(256)) })
          func run(_ kernels: pare_recurrent_s16_kernels) -> [Int16] {
            guarded(rows * tiles * 16) { y in
              withUnsafePointer(to: layer) { kernels.products($0, x, groups * 4, rows, y, tiles * 16) }
            }
          }
          let (expected, found) = (run(integers[0].pointee), run(kernels))
          #expect(found == expected, "\(inputs) inputs, \(outputs) outputs, \(rows) rows")
        }
      }
    }
  }

  private func compareIntegerCells(_ kernels: pare_recurrent_s16_kernels) {
    var cases = Operands(seed: 2)
    for hidden in Self.hidden {
      for bits in 7...14 {
        let room = pare_gate_count(4, hidden), units = pare_unit_count(hidden)
        let cell = pare_recurrent_cell(
          hidden: Int32(hidden), cell_bits: Int32(bits), state_levels: bits == 7 ? 128 : Int32(1 + cases.below(32767)))
        // Everything that an int16 can be, both ends among it.
        func draw(_ count: Int) -> [Int16] {
          (0..<count).map { $0 % 7 == 0 ? (cases.below(2) == 0 ? .min : .max) : Int16(cases.below(65536) - 32768) }
        }
        let (a, b) = (cases.place(draw(room)), cases.place(draw(room)))
        let state = draw(units)
        for isLSTM in [true, false] {
          func run(_ kernels: pare_recurrent_s16_kernels) -> ([Int16], [UInt8]) {
            var next: [Int16] = []
            let h: [UInt8] = guarded(units) { h in
              next = guarded(units) { c in
                c.update(from: state, count: units)
                let step = isLSTM ? kernels.lstm : kernels.gru
                withUnsafePointer(to: cell) { step?($0, a, b, c, h) }
              }
            }
            return (Array(next.prefix(hidden)), Array(h.prefix(hidden)))
          }
          let (expected, found) = (run(integers[0].pointee), run(kernels))
          #expect(found == expected, "\(hidden) units, \(bits) bits, \(isLSTM ? "LSTM" : "GRU")")
        }
      }
    }
  }

  // MARK: Float32

  private func compareFloats(_ kernels: pare_recurrent_f32_kernels) {
    var cases = Operands(seed: 3)
    for hidden in Self.hidden {
      for (gates, inputs, rows) in [(4, 1, 1), (3, 20, 5), (4, 33, 9), (3, 64, 4)] {
        let outputs = gates * hidden, tiles = (outputs + 15) / 16
        let room = pare_gate_count(gates, hidden), units = pare_unit_count(hidden)
        let weights = cases.floats(inputs * outputs)
        var packed = [Float](repeating: 0, count: pare_dense_f32_packed_count(outputs, inputs))
        pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, &packed)
        let layer = pare_dense_f32(
          inputs: Int32(inputs), tiles: Int32(tiles), weights: cases.place(packed),
          bias: cases.place(cases.floats(tiles * 16)), relu: 0)
        let x = cases.place(cases.floats(rows * inputs))
        let (b, c, h) = (cases.place(cases.floats(room)), cases.floats(units), cases.floats(units))
        func run(_ kernels: pare_recurrent_f32_kernels) -> [UInt32] {
          let products: [Float] = guarded(rows * room) { y in
            withUnsafePointer(to: layer) { kernels.products($0, x, inputs, rows, y, room) }
          }
          let arguments = Operands.copy(products)
          defer { arguments.deallocate() }
          var cell: [Float] = []
          let state: [Float] = guarded(units) { state in
            state.update(from: h, count: units)
            cell = guarded(units) { next in
              next.update(from: c, count: units)
              (gates == 4 ? kernels.lstm : kernels.gru)?(Int32(hidden), arguments, b, next, state)
            }
          }
          let used = (0..<rows).flatMap { products[$0 * room..<$0 * room + outputs] }
          return (used + cell.prefix(hidden) + state.prefix(hidden)).map(\.bitPattern)
        }
        let (expected, found) = (run(floats[0].pointee), run(kernels))
        #expect(found == expected, "\(hidden) units, \(gates) gates, \(inputs) inputs, \(rows) rows")
      }
    }
  }

  // MARK: -

  /// What `body` writes into `count` zeros at a multiple of 64 bytes; fails where it writes around them.
  private func guarded<Element: BitwiseCopyable>(_ count: Int, _ body: (UnsafeMutablePointer<Element>) -> Void) -> [Element] {
    let byteCount = (count * MemoryLayout<Element>.stride + 63) / 64 * 64
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + 128, alignment: 64)
    defer { block.deallocate() }
    block.initializeMemory(as: UInt8.self, repeating: 0xa5)
    let start = block.baseAddress! + 64
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    let elements = start.bindMemory(to: Element.self, capacity: count)
    body(elements)
    let intact = block[..<64].allSatisfy { $0 == 0xa5 } && block[(64 + byteCount)...].allSatisfy { $0 == 0xa5 }
    #expect(intact)
    return Array(UnsafeBufferPointer(start: elements, count: count))
  }
}

/// Memory that kernels read, drawn from a seed.
private struct Operands: ~Copyable {
  private var generator: SeededGenerator
  private var blocks: [UnsafeMutableRawPointer] = []

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  deinit {
    for block in blocks { block.deallocate() }
  }

  mutating func below(_ bound: Int) -> Int { generator.below(bound) }
  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normal()) } }

  mutating func place<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
    let start = Self.copy(values)
    blocks.append(UnsafeMutableRawPointer(start))
    return UnsafePointer(start)
  }

  static func copy<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let block = UnsafeMutableRawPointer.allocate(byteCount: values.count * MemoryLayout<Element>.stride, alignment: 64)
    let start = block.bindMemory(to: Element.self, capacity: values.count)
    start.initialize(from: values, count: values.count)
    return start
  }
}
