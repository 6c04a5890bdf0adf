import Foundation
import PareArtifact
import PareTensor

/// A file of a run as it was written.
public struct RunArtifact: Sendable, Hashable, Encodable {
  /// What has become of a file since.
  public enum State: String, Sendable, Encodable {
    case asWritten = "as written"
    /// Another content: a later run wrote into the same folder, or somebody else did.
    case changed
    case missing
  }

  /// Within the run's folder.
  public var path: String
  public var bytes: Int
  /// FNV-1a over the file's bytes (`Fingerprint`): it tells files apart, and is no proof against intent.
  public var digest: String

  public init(path: String, bytes: Int, digest: String) {
    self.path = path
    self.bytes = bytes
    self.digest = digest
  }

  /// Of a file as it is now; nil where there is none that can be read.
  init?(_ path: String, in folder: String) {
    guard let content = try? WholeFile.read(folder + "/" + path) else { return nil }
    var fingerprint = Fingerprint()
    content.withUnsafeBytes { fingerprint.add($0) }
    self.init(path: path, bytes: content.count, digest: "fnv1a64:" + fingerprint.digits)
  }

  /// - Parameter folder: the run's.
  public func state(in folder: String) -> State {
    guard let now = RunArtifact(path, in: folder) else { return .missing }
    return now == self ? .asWritten : .changed
  }
}
