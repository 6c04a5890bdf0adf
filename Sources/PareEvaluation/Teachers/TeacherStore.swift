import Foundation
import PareArtifact
import PareCompression
import PareGraph
import PareTensor

/// Teachers of earlier runs in a folder: what each said, the models that it consists of, and what it was made of.
///
/// A teacher called `NAME` is `NAME.safetensors` (tensors `logits [rows, classes]`, of an ensemble `disagreement [rows]`; identity, words
/// and curves in the metadata) and a `.pare` file for each of its models. The first is written last, whole or not at all, so that what is
/// found complete is complete.
struct TeacherStore: Sendable {
  /// What a look for a teacher found.
  enum Found: Sendable {
    case nothing
    case teacher(TrainedTeacher)
    /// One that was made of something else, or cannot be read; in words.
    case refused(String)
  }

  private let folder: String

  init(_ folder: String) {
    self.folder = folder
  }

  /// Makes the folder and shows, before any work is done, that it can be written to.
  func prepare() throws { try RunFolder(folder).prepare(["."], option: "--teachers") }

  /// Where an unfinished training is kept.
  func checkpoint(_ name: String, of identity: TeacherIdentity) throws -> String {
    var fingerprint = Fingerprint()
    fingerprint.add(try StrictYAML.json(identity))
    return "\(folder)/\(name)-\(fingerprint.digits).state"
  }

  func find(_ name: String, _ identity: TeacherIdentity) -> Found {
    let path = path(name)
    guard WholeFile.exists(path) else { return .nothing }
    do {
      let file = try Safetensors.read(path)
      let description: Description = try StrictYAML.decode(file.metadata["teacher"] ?? "", source: path)
      if let change = identity.change(from: description.identity) { return .refused(change) }
      guard let logits = file.tensors["logits"], logits.elementType == .float32, logits.shape.rank == 2 else {
        return .refused("\(path) holds no logits")
      }
      let outputs = try TeacherOutputs(
        classCount: logits.shape[1], logits: logits.values(as: Float.self),
        disagreement: file.tensors["disagreement"]?.values(as: Float.self), source: path)
      let parts = try description.parts.map { part in
        TrainedTeacher.Part(
          name: part.name, model: try Artifact.read(modelPath(name, part.file)),
          fed: part.width.map { .other(width: $0) } ?? .rows(part.features))
      }
      return .teacher(TrainedTeacher(outputs: outputs, parts: parts, curves: description.curves))
    } catch {
      return .refused("\(error)")
    }
  }

  func keep(_ teacher: TrainedTeacher, _ name: String, _ identity: TeacherIdentity) throws {
    var parts: [Description.Part] = []
    for (index, part) in teacher.parts.enumerated() {
      switch part.fed {
      case .rows(let features): parts.append(Description.Part(name: part.name, file: index, features: features))
      case .other(let width): parts.append(Description.Part(name: part.name, file: index, width: width))
      }
      try Artifact.write(part.model, to: modelPath(name, index))
    }
    let outputs = teacher.outputs
    var file = Safetensors(tensors: ["logits": Tensor(outputs.logits, shape: [outputs.rowCount, outputs.classCount])])
    if let disagreement = outputs.disagreement { file.tensors["disagreement"] = Tensor(disagreement) }
    file.metadata["teacher"] = try StrictYAML.json(Description(identity: identity, parts: parts, curves: teacher.curves))
    try file.write(to: path(name))
  }

  /// Removes the state of a training that came to its end, and those of its members.
  func removeCheckpoints(_ path: String) throws {
    let file = URL(fileURLWithPath: path).lastPathComponent
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix(file) {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  private func path(_ name: String) -> String { "\(folder)/\(name).safetensors" }
  private func modelPath(_ name: String, _ part: Int) -> String { "\(folder)/\(name).\(part).pare" }

  private struct Description: Codable {
    struct Part: Codable {
      var name: String
      var file: Int
      /// Of the rows that it is fed; null for the experiment's.
      var features: FeatureChoice?
      /// Of what it is fed where that is no row of features.
      var width: Int?
    }

    var identity: TeacherIdentity
    var parts: [Part]
    var curves: [LearningCurve]
  }
}
