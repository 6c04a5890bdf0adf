import PareCompression
import PareGraph
import PareMarket
import PareModels

/// Comes by an experiment's teacher: from an earlier run where nothing has changed since, else by training it.
struct TeacherMaker: Sendable {
  let experiment: Experiment
  let data: ExperimentData
  /// Nil keeps and finds nothing.
  let store: TeacherStore?
  /// Tells the teachers in one store apart.
  let label: String
  let resolve: @Sendable (String) -> String
  let observer: any RunObserver

  /// The user's own model as the teacher.
  func teacher(own: Model) throws -> TrainedTeacher {
    let name = CandidateConfiguration.teacher
    let model = try experiment.teacher(own, source: experiment.model ?? own.graph.name, data: data)
    let outputs = try TeacherRoom(data, experiment: experiment, name: name, resolve: resolve).outputs(of: model, seeing: data.view)
    return TrainedTeacher(outputs: outputs, parts: [TrainedTeacher.Part(name: name, model: model, fed: .rows(nil))])
  }

  func teacher() throws -> TrainedTeacher {
    let name = CandidateConfiguration.teacher
    let identity = try TeacherIdentity(experiment, name: name, data: data, resolve: resolve)
    var refusal = ""
    switch store?.find(label, identity) {
    case .teacher(var teacher):
      teacher.wasKept = true
      observer.began("teacher", units: 0)
      observer.ended("\(experiment.teacher.words), kept from an earlier run")
      return teacher
    case .refused(let reason): refusal = "; what was kept is not used: \(reason)"
    case .nothing, nil: break
    }
    observer.began("train \(name)", units: 1000)
    try store?.prepare()
    let checkpoint = try store?.checkpoint(label, of: identity)
    let room = TeacherRoom(
      data, experiment: experiment, name: name, checkpoint: checkpoint, resolve: resolve, progress: data.progress(observer))
    let teacher = try experiment.teacher.kind.teach(in: room)
    try store?.keep(teacher, label, identity)
    if let checkpoint { try store?.removeCheckpoints(checkpoint) }
    let count = teacher.parts.reduce(0) { $0 + $1.model.graph.learnedElementCount }
    observer.ended(experiment.teacher.words + (count > 0 ? ", \(count) parameters" : "") + refusal)
    return teacher
  }
}

extension ExperimentData {
  /// A model with these data's normalizer and decision and nothing learned between them: what students of a teacher start from that
  /// cannot take their rows itself.
  func shell(named name: String) throws -> Model {
    let graph = try MultilayerPerceptron(inputs: dataset.width, hidden: [], outputs: classCount).graph(
      seed: 0, name: name, input: inputName, rowShape: dataset.rowShape, normalizer: normalizerNodes,
      thresholds: DecisionThresholds(short: 0.5, long: 0.5))
    var model = Model(graph: graph)
    for section in try sections() { model.sections[section.name] = section.text }
    return model
  }
}
