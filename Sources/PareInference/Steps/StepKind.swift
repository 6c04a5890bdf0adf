import CPareKernels
import PareGraph

/// What a kernel computes, with its constants as the graph has them.
///
/// One conforming type per kind of step, in a file of `Steps/`, on a line of ``StepCatalogue``.
protocol StepKind: Sendable {
  /// The operators at whose nodes a step of this kind can begin.
  static var operators: [OperatorName] { get }

  /// The step that begins at a node; nil where this kind has none for it. What it absorbs besides the node lies after it
  /// and takes nothing else but constants, because the step runs in the node's place.
  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep?

  /// The function that computes it on a processor that has what `kernels` may use.
  func kernel(_ kernels: KernelSelection) -> StepKernel

  /// Bytes that the kernel needs while it runs; at `StepSite.scratch`.
  var scratchByteCount: Int { get }

  /// Bytes that stay from one run to the next, zero at first; at `StepSite.state`.
  var stateByteCount: Int { get }

  /// Whether its operands begin with a `pare_stream`: it keeps a state from row to row, which can be reset and prepared.
  var isStream: Bool { get }

  /// Whether a sparse or codebook storage of the weights is not decoded to dense.
  func keepsStorage(_ kernels: KernelSelection) -> Bool

  /// What people should know of the form that was taken of it; nil where that is nothing.
  func remark(_ kernels: KernelSelection) -> String?

  /// What a cost table is asked about this step; nil where its kernel passes over the elements of its output.
  func extent(_ kernels: KernelSelection) -> StepExtent?

  /// Packs the constants as the kernel wants them.
  ///
  /// - Returns: the kernel's operands, or nil while the pool only counts.
  func pack(at site: StepSite) -> UnsafeRawPointer?
}

extension StepKind {
  var isStream: Bool { false }
  var scratchByteCount: Int { 0 }
  var stateByteCount: Int { 0 }
  func keepsStorage(_ kernels: KernelSelection) -> Bool { false }
  func remark(_ kernels: KernelSelection) -> String? { nil }
  func extent(_ kernels: KernelSelection) -> StepExtent? { nil }
}

/// A function, and what people call it: `dense_f32/avx512`.
struct StepKernel {
  let name: String
  let run: pare_kernel
}

/// Where a step is put: the pool for its constants, and where in the arena it reads and writes.
///
/// The kernel is handed its first input and first output; of the others it learns here. All are known once the arena is
/// laid out, when steps are packed.
struct StepSite {
  let pool: ConstantPool
  let kernels: KernelSelection
  let inputs: [pare_place]
  /// Byte offsets.
  let outputs: [Int]
  let scratch: Int
  let state: Int

  var passes: Passes { kernels.passes }
}

/// One step of a plan: a kernel that stands for one node or several, or the reference evaluation of one node.
struct PlannedStep: Sendable {
  enum Body: Sendable {
    case fast(any StepKind)
    /// Nothing runs: each output is the input's memory, from a byte on, under another shape.
    case view(offsets: [Int])
    /// Prepared again by every context, because an evaluation may keep scratch memory.
    case reference(ReferenceStep)
  }

  /// Names of the nodes that the step stands for.
  var nodes: [String]
  /// Values and parameters that it reads; what a kernel reads packed is in its body instead. A kernel is handed the
  /// first, unless that is a parameter.
  var inputs: [String]
  var outputs: [String]
  var body: Body

  /// The value that says whether a feature is NaN: an `Int32` under a name that no graph can have.
  static let nanFlag = ""

  init(_ kind: any StepKind, nodes: [Node], inputs: [String], outputs: [String]) {
    self.init(nodes: nodes.map(\.name), inputs: inputs, outputs: outputs, body: .fast(kind))
  }

  init(nodes: [String], inputs: [String], outputs: [String], body: Body) {
    (self.nodes, self.inputs, self.outputs, self.body) = (nodes, inputs, outputs, body)
  }
}
