import PareArtifact
import PareTensor

/// Several arrays in one file: NumPy's `.npz`, a ZIP archive of `.npy` files, stored or deflated.
///
/// Written are stored entries, so that the file is as large as its arrays and the same for the same arrays.
public enum NPZ {
  private static let suffix = ".npy"

  /// - Throws: `ArtifactError`: `no-input`, or what `decode` throws.
  public static func read(_ path: String) throws -> [String: Tensor] {
    try decode(WholeFile.read(path), name: path)
  }

  /// - Throws: `ArtifactError`: `cannot-write`, or what `encode` throws.
  public static func write(_ arrays: [(name: String, tensor: Tensor)], to path: String) throws {
    try WholeFile.write(encode(arrays, name: path), to: path)
  }

  /// - Throws: `artifact.element-type` for a type that NumPy does not have; `artifact.archive` beyond 4 GiB.
  public static func encode(_ arrays: [(name: String, tensor: Tensor)], name: String = "npz") throws -> [UInt8] {
    var archive = ZIPWriter(name: name)
    for array in arrays {
      try archive.add(array.name + suffix, NPY.encode(array.tensor, name: "\(name): \(array.name)"))
    }
    return try archive.finished()
  }

  /// Reads a file's bytes, trusting none of them.
  ///
  /// - Throws: `ArtifactError`: `archive`, `truncated`, `checksum`, or what `NPY.decode` throws for an array.
  public static func decode(_ bytes: [UInt8], name: String = "npz") throws -> [String: Tensor] {
    let archive = try ZIPReader(bytes, name: name)
    var arrays: [String: Tensor] = [:]
    for entry in archive.entries where entry.name.hasSuffix(suffix) {
      let array = String(entry.name.dropLast(suffix.count))
      let content = try archive.content(of: entry)
      guard arrays.updateValue(try NPY.decode(content, name: "\(name): \(array)"), forKey: array) == nil else {
        throw ArtifactError("archive", subject: name, expected: "names used once", found: "a second \(quoted(array))")
      }
    }
    guard !arrays.isEmpty else {
      throw ArtifactError("archive", subject: name, expected: "arrays named …\(suffix)", found: "none")
    }
    return arrays
  }
}
