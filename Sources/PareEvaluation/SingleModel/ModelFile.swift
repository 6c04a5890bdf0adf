import PareArrays
import PareArtifact
import PareGraph
import PareONNX
import PareTensor

/// A model in a file, in the format that the file's name says: `.onnx`, or `.pare`, which any other name means too.
public enum ModelFile {
  /// - Parameter options: what to decide about an ONNX file.
  /// - Throws: `ArtifactError`, `ONNXError`.
  public static func read(_ path: String, options: ONNXImportOptions = ONNXImportOptions()) throws -> Model {
    if isONNX(path) { return try ONNXFile.read(path, options: options) }
    guard options.constants.isEmpty, options.batch == nil else {
      throw EvaluationError(
        "import", subject: path, expected: "an .onnx file, whose inputs can be bound", found: "another one", category: .usage)
    }
    return try Artifact.read(path)
  }

  /// - Parameter options: how an ONNX file is written.
  /// - Throws: `ArtifactError`, `ONNXError`.
  public static func write(_ model: Model, to path: String, options: ONNXExportOptions = ONNXExportOptions()) throws {
    if isONNX(path) {
      try ONNXFile.write(model, to: path, options: options)
    } else {
      try Artifact.write(model, to: path)
    }
  }

  public static func isONNX(_ path: String) -> Bool { path.lowercased().hasSuffix(".onnx") }
}

/// Tensors in files: one in `.npy`, several in `.npz`.
public enum TensorFile {
  /// Reads `FILE`, `NAME=FILE` or `FILE.npz`, one after another.
  ///
  /// - Parameters:
  ///   - entries: as typed; a `.npy` without a name stands under an empty one.
  ///   - option: what messages call them.
  /// - Throws: `ArtifactError`; `evaluation.input` for a name given twice.
  public static func read(_ entries: [String], option: String) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    func add(_ name: String, _ tensor: Tensor) throws {
      guard tensors.updateValue(tensor, forKey: name) == nil else {
        throw EvaluationError(
          "input", subject: option, expected: "each name once", found: "'\(name)' twice", category: .usage)
      }
    }
    for entry in entries {
      if isArchive(entry), !entry.contains("=") {
        for (name, tensor) in try NPZ.read(entry) { try add(name, tensor) }
      } else {
        // A value's name may contain '='; the last part is the file.
        let cut = entry.lastIndex(of: "=")
        let name = cut.map { String(entry[..<$0]) } ?? ""
        try add(name, try NPY.read(cut.map { String(entry[entry.index(after: $0)...]) } ?? entry))
      }
    }
    return tensors
  }

  public static func isArchive(_ path: String) -> Bool { path.lowercased().hasSuffix(".npz") }
}
