import CPareKernels
import PareTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A name for how much of the processor kernels may use; each holds what it builds on.
public enum InstructionSet: String, Sendable, CaseIterable {
  case scalar, avx2, avxvnni, avx512, avx512vnni, avx512vbmi, avx512vpopcntdq
  case neon, neondot, neoni8mm

  /// The extensions, as `PARE_CPU_` bits.
  package var extensions: UInt32 {
    let (avx2, avxvnni) = (UInt32(PARE_CPU_AVX2), UInt32(PARE_CPU_AVXVNNI))
    let (avx512, avx512vnni) = (UInt32(PARE_CPU_AVX512), UInt32(PARE_CPU_AVX512VNNI))
    let (avx512vbmi, avx512vpopcntdq) = (UInt32(PARE_CPU_AVX512VBMI), UInt32(PARE_CPU_AVX512VPOPCNTDQ))
    let (neon, neondot) = (UInt32(PARE_CPU_NEON), UInt32(PARE_CPU_NEONDOT))
    return switch self {
    case .scalar: 0
    case .avx2: avx2
    case .avxvnni: avx2 | avxvnni
    case .avx512: avx2 | avx512
    case .avx512vnni: avx2 | avx512 | avx512vnni
    case .avx512vbmi: avx2 | avx512 | avx512vnni | avx512vbmi
    case .avx512vpopcntdq: avx2 | avx512 | avx512vnni | avx512vbmi | avx512vpopcntdq
    case .neon: neon
    case .neondot: neon | neondot
    case .neoni8mm: neon | neondot | UInt32(PARE_CPU_NEONI8MM)
    }
  }

  /// Whether this processor and its operating system offer all of it.
  public var isAvailable: Bool { extensions & ~pare_cpu_features() == 0 }
}

/// Which variant of each kernel a plan uses, and by what costs it chooses between forms of the same layer.
public struct KernelSelection: Sendable {
  package let extensions: UInt32
  /// By default what is shipped for the instruction set.
  public let costs: CostTable

  /// Everything that this processor has.
  public static let best = KernelSelection(extensions: pare_cpu_features())

  /// At most the given instruction set: each operation takes its last variant that needs no more.
  ///
  /// - Throws: `inference.instruction-set` where this processor lacks it.
  public init(_ set: InstructionSet) throws {
    guard set.isAvailable else {
      throw InferenceError(
        "instruction-set", subject: "kernels '\(set.rawValue)'",
        expected: "a processor with it; this one has " + Self.available, found: "none", category: .usage)
    }
    self.init(extensions: set.extensions)
  }

  /// The same variants, with forms chosen by another table.
  ///
  /// - Throws: `inference.costs` where the table was measured with other kernels.
  public func with(_ costs: CostTable) throws -> KernelSelection {
    guard costs.kernels == instructionSet else {
      throw InferenceError(
        "costs", subject: "cost table of '\(costs.processor)'", expected: "one measured with kernels '\(instructionSet.rawValue)'",
        found: "'\(costs.kernels.rawValue)'", category: .usage)
    }
    return KernelSelection(extensions: extensions, costs: costs)
  }

  /// What the environment variable `PARE_KERNELS` names, or the best where it is not set, with the cost table in the file
  /// that `PARE_COSTS` names, where it is set.
  ///
  /// - Throws: `inference.instruction-set` for an unknown name or one that this processor lacks; `inference.costs` for a
  ///   table of other kernels, `ArtifactError` for a file that is none.
  public static func fromEnvironment() throws -> KernelSelection {
    let kernels = try getenv("PARE_KERNELS").map { try named(String(cString: $0)) } ?? best
    guard let path = getenv("PARE_COSTS") else { return kernels }
    return try kernels.with(CostTable(readingFrom: String(cString: path)))
  }

  /// What a value of `PARE_KERNELS` stands for.
  package static func named(_ name: String) throws -> KernelSelection {
    guard let set = InstructionSet(rawValue: name) else {
      throw InferenceError(
        "instruction-set", subject: "PARE_KERNELS",
        expected: "one of " + InstructionSet.allCases.map(\.rawValue).joined(separator: ", "), found: "'\(name)'",
        category: .usage)
    }
    return try KernelSelection(set)
  }

  /// The greatest instruction set that is wholly within reach: `avx512vpopcntdq`.
  public var instructionSet: InstructionSet { Self.instructionSet(of: extensions) }

  private init(extensions: UInt32, costs: CostTable? = nil) {
    self.extensions = extensions
    self.costs = costs ?? .shipped(for: Self.instructionSet(of: extensions))
  }

  private static func instructionSet(of extensions: UInt32) -> InstructionSet {
    InstructionSet.allCases.last { $0.extensions & ~extensions == 0 } ?? .scalar
  }

  private static var available: String {
    InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
  }

  /// Whether an operation has more than its scalar variant for these extensions.
  func hasVectorVariant(of operation: pare_operation) -> Bool { variant(of: operation).needs != 0 }

  /// The last variant of an operation that these extensions run; the scalar one needs none.
  func variant(of operation: pare_operation) -> pare_kernel_variant {
    var count = 0
    let variants = UnsafeBufferPointer(start: pare_kernel_variants(operation, &count), count: count)
    let usable = variants.last { $0.needs & ~extensions == 0 }
    guard let usable else { preconditionFailure("operation without a scalar variant") }
    return usable
  }

  /// The passes that steps of networks are made of, in the last variant that these extensions run.
  var passes: Passes {
    let usable = (0..<pare_training_variant_count()).last { index in
      guard pare_training_variant_is_supported(index), let table = pare_training_variant(index) else { return false }
      let name = String(cString: table.pointee.name)
      return (InstructionSet(rawValue: name) ?? .scalar).extensions & ~extensions == 0
    }
    guard let table = pare_training_variant(usable ?? 0) else { preconditionFailure("passes without a plain variant") }
    return Passes(table.pointee)
  }

  /// The same as a step wants it.
  func kernel(_ operation: pare_operation) -> StepKernel {
    let variant = variant(of: operation)
    return StepKernel(
      name: "\(String(cString: pare_operation_name(operation)))/\(String(cString: variant.name))", run: variant.run)
  }
}

/// C functions without state, in one variant.
struct Passes {
  let tables: pare_training_kernels
  /// `avx512`; plain C is `scalar`, as elsewhere in a plan.
  let name: String

  init(_ tables: pare_training_kernels) {
    self.tables = tables
    let name = String(cString: tables.name)
    self.name = name == "plain" ? InstructionSet.scalar.rawValue : name
  }

  func step(_ operation: String, _ run: @escaping pare_kernel) -> StepKernel {
    StepKernel(name: "\(operation)/\(name)", run: run)
  }
}
