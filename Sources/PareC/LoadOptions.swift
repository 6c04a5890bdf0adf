import CPareInterface
import PareInference

/// A `pare_options` of any size that a caller may know, checked.
struct LoadOptions {
  static let defaultMemoryLimit = 4 << 30

  var kernels: KernelSelection?
  var outputs: [String]?
  var memoryLimit = defaultMemoryLimit

  /// - Throws: `c.options`, `c.text`; `inference.instruction-set`.
  init(_ given: UnsafePointer<pare_options>?) throws {
    guard let given else { return }
    let options = try Self.known(given)
    if let text = options.kernels { kernels = try KernelSelection(cText(text, "options.kernels")) }
    if options.output_count != 0 {
      guard let names = options.outputs else { throw CInterfaceError.null("options.outputs") }
      guard (0...1 << 16).contains(options.output_count) else {
        throw CInterfaceError(
          "options", subject: "options.output_count", expected: "at most 65536", found: "\(UInt(bitPattern: options.output_count))")
      }
      let wanted = try (0..<options.output_count).map { try cText(names[$0], "options.outputs[\($0)]") }
      guard Set(wanted).count == wanted.count else {
        throw CInterfaceError("options", subject: "options.outputs", expected: "each name once", found: "one twice")
      }
      outputs = wanted
    }
    if options.memory_limit != 0 { memoryLimit = Int(clamping: options.memory_limit) }
  }

  /// The part that this version knows. What a later one has beyond it has to be zero, or the caller asks for something
  /// that it would not get.
  private static func known(_ given: UnsafePointer<pare_options>) throws -> pare_options {
    let size = given.pointee.size
    guard size >= MemoryLayout<Int>.size, size <= 4096 else {
      throw CInterfaceError(
        "options", subject: "options.size", expected: "sizeof(pare_options)", found: "\(UInt(bitPattern: size))")
    }
    var options = pare_options()
    let bytes = UnsafeRawBufferPointer(start: given, count: size)
    withUnsafeMutableBytes(of: &options) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix($0.count))) }
    guard bytes.dropFirst(MemoryLayout<pare_options>.size).allSatisfy({ $0 == 0 }) else {
      throw CInterfaceError(
        "options", subject: "options", expected: "what version \(PARE_C_ABI_VERSION) knows", found: "an option of a later one")
    }
    return options
  }
}

extension KernelSelection {
  /// - Throws: `inference.instruction-set`.
  fileprivate init(_ name: String) throws {
    guard let set = InstructionSet(rawValue: name) else {
      throw InferenceError(
        "instruction-set", subject: "options.kernels",
        expected: "one of " + InstructionSet.allCases.map(\.rawValue).joined(separator: ", "), found: "'\(name.prefix(64))'",
        category: .usage)
    }
    try self.init(set)
  }
}

/// - Throws: `c.null`; `c.text` for what is not UTF-8.
func cText(_ text: UnsafePointer<CChar>?, _ argument: String) throws -> String {
  guard let text else { throw CInterfaceError.null(argument) }
  guard let result = String(validatingCString: text) else {
    throw CInterfaceError("text", subject: argument, expected: "a text in UTF-8", found: "other bytes")
  }
  return result
}
