import ArgumentParser
import Foundation
import PareArrays
import PareEvaluation
import PareTraining

struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a model on rows and labels, from where it stands; or the teacher that an experiment describes.",
    discussion: """
      An experiment's teacher is trained on its data, judged on later ones and kept in DIR/teachers, where `pare run` and
      `pare distill` find it; one that was interrupted goes on where it stood. A model needs rows and labels.

      Rows are in order of time; --validation-share keeps the last ones aside to stop training early. A run with
      --checkpoint can be killed at any moment and goes on with --resume, to the same bits.

      Examples:
        pare train model.onnx --data window=windows.npy --labels labels.npy --output tuned.pare
        pare train model.onnx --data rows.npz --labels returns.npy --loss huber --epochs 20 --output tuned.onnx
        pare train teacher.pare --data rows.npy --labels labels.npy --validation-share 0.2 --patience 5 \\
          --schedule cosine --warm-up 100 --checkpoint state.safetensors --output trained.pare
        pare train model.onnx --data rows.npy --labels labels.npy --memory
        pare train examples/simulated.yaml --out runs/teacher
      """)

  enum OptimizerName: String, CaseIterable, ExpressibleByArgument {
    case sgd, adam, adamw, lamb
  }

  enum ScheduleName: String, CaseIterable, ExpressibleByArgument {
    case constant, cosine, step, plateau
  }

  @Argument(help: "The model (.pare or .onnx), or an experiment (.yaml) whose teacher is to be trained.")
  var model: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rows of the model's inputs; the name may be left out where there is one. An .npz holds several.",
      valueName: "[name=]file.npy"))
  var data: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("One per row: class indices, or the numbers that the model should yield.", valueName: "file.npy"))
  var labels: String?

  @Option(name: .long, help: ArgumentHelp("A weight per row in the loss.", valueName: "file.npy"))
  var rowWeights: String?

  @Option(name: .long, help: ArgumentHelp("Where to write (.pare or .onnx).", valueName: "file"))
  var output: String?

  @Option(name: .long, help: "By default cross-entropy for a model that scores classes, else mse.")
  var loss: ModelTraining.LossKind?

  @Option(name: .long, help: "The value that the loss is attached to, where the model has several outputs.")
  var outputName: String?

  @Option(name: .long, help: "Passes over the rows.")
  var epochs = 30

  @Option(name: .long, help: "Steps instead of epochs, rounded up to whole epochs.")
  var steps: Int?

  @Option(name: .long, help: "Rows a step.")
  var batchSize = 256

  @Option(name: .long, help: "How weights follow the gradient.")
  var optimizer: OptimizerName = .adamw

  @Option(name: .long, help: "The optimizer's rate, at its height.")
  var learningRate = 1e-3

  @Option(name: .long, help: "Pull of weights towards zero; biases are left alone.")
  var weightDecay = 0.0

  @Option(name: .long, help: "How the learning rate moves: step falls to a tenth every 10 epochs, plateau to a half after 3 without a better loss.")
  var schedule: ScheduleName = .constant

  @Option(name: .long, help: "Steps over which the learning rate rises to its height.")
  var warmUp = 0

  @Option(name: .long, help: "Largest Euclidean norm of the gradient.")
  var gradientNorm: Double?

  @Option(name: .long, help: "Share of a label that is spread over all classes.")
  var labelSmoothing = 0.0

  @Option(
    name: .long,
    help: ArgumentHelp("Weights of classes: 'balanced', or a number for each, as 1,2,1.", valueName: "weights"))
  var classWeights: String?

  @Option(name: .long, help: "Share of the rows, the last ones, that only stop training early.")
  var validationShare = 0.0

  @Option(name: .long, help: "Epochs without a better validation loss after which training ends.")
  var patience: Int?

  @Option(name: .long, help: "The seed of the order of rows and of dropout, 1 by default; of an experiment, in place of its own.")
  var seed: UInt64?

  @Option(name: .long, help: "Threads at most; they change no bit of the outcome.")
  var threads: Int?

  @Option(name: .long, help: ArgumentHelp("Keep the state of the training here, to resume from.", valueName: "file"))
  var checkpoint: String?

  @Option(name: .long, help: "Seconds between checkpoints.")
  var checkpointSeconds = 30.0

  @Flag(name: .long, help: "Go on from the checkpoint, where there is one.")
  var resume = false

  @Flag(name: .long, help: "Print what the run would need, and end.")
  var memory = false

  @Flag(name: .long, help: "Print what each operator takes of a step, and end.")
  var profile = false

  @Option(name: .long, help: ArgumentHelp("Of an experiment: where to write; runs/NAME by default.", valueName: "dir"))
  var out: String?

  @Option(name: .long, help: ArgumentHelp("Of an experiment: where teachers are kept; DIR/teachers by default.", valueName: "dir"))
  var teachers: String?

  @Flag(name: .long, help: "Print the outcome as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func validate() throws {
    guard !model.isExperiment else {
      let given = [("--data", !data.isEmpty), ("--labels", labels != nil), ("--output", output != nil)].filter(\.1)
      guard given.isEmpty else { throw ValidationError("\(given[0].0): an experiment has its own data, and writes to --out DIR") }
      return
    }
    guard labels != nil else { throw ValidationError("--labels: expected one number per row, found none") }
    if output == nil, !memory, !profile { throw ValidationError("--output: expected where to write the model, found none") }
    if resume, checkpoint == nil { throw ValidationError("--resume: expected --checkpoint, which says from where") }
    if !(checkpointSeconds >= 0 && checkpointSeconds < 1e9) {
      throw ValidationError("--checkpoint-seconds: expected a number of at least 0, found \(checkpointSeconds)")
    }
  }

  func run() async throws {
    guard !model.isExperiment else {
      var file = try ExperimentFile.read(model)
      if let seed { (file.experiment.seed, file.experiment.moreSeeds) = (seed, []) }
      file.experiment.candidates = []
      return try await RunCommand.execute(
        file, out: out, latencyFrom: nil, teachers: teachers, json: json, observer: ProgressReporter(isQuiet: quiet))
    }
    try trainModel()
  }

  private func trainModel() throws {
    let training = try ModelTraining(
      try ModelFile.read(model), inputs: try TensorFile.read(data, option: "--data"), labels: try NPY.read(labels ?? ""),
      rowWeights: try rowWeights.map { try NPY.read($0) }, loss: loss, output: outputName, labelSmoothing: labelSmoothing,
      classWeights: try classWeights.map(Self.weights), settings: settings, steps: steps, validationShare: validationShare,
      resources: TrainingResources(threads: threads))
    guard !memory else { return try printMemory(training.memory(checkpoints: checkpoint != nil)) }
    guard !profile else { return try printProfile(training.profile()) }
    let state = checkpoint.map {
      Checkpointing($0, every: .milliseconds(Int64(checkpointSeconds * 1000)), resumes: resume)
    }
    let (trained, report) = try training.run(checkpoint: state, observer: ProgressReporter(isQuiet: quiet))
    guard let output else { return }
    try ModelFile.write(trained, to: output)
    guard !json else { return try JSONOutput.print(report) }
    var table = TextTable(["", "before", "after"], words: [0])
    table.add(["training loss", Self.figure(report.lossBefore), Self.figure(report.lossAfter)])
    if let before = report.validationLossBefore, let after = report.validationLossAfter {
      table.add(["validation loss", Self.figure(before), Self.figure(after)])
    }
    print(table.rendered())
    print("\n\(report.steps) steps of \(Self.figure(report.stepMicroseconds)) µs; epoch \(report.bestEpoch) kept. Written: \(output)")
  }

  private var settings: TrainingSettings {
    let rule: Optimizer = switch optimizer {
    case .sgd: .sgd(learningRate: learningRate, momentum: 0.9, weightDecay: weightDecay)
    case .adam: .adam(learningRate: learningRate, weightDecay: weightDecay)
    case .adamw: .adamW(learningRate: learningRate, weightDecay: weightDecay)
    case .lamb: .lamb(learningRate: learningRate, weightDecay: weightDecay)
    }
    let decay: LearningRateSchedule.Decay = switch schedule {
    case .constant: .constant
    case .cosine: .cosine()
    case .step: .step()
    case .plateau: .plateau()
    }
    return TrainingSettings(
      epochs: epochs, batchSize: batchSize, optimizer: rule, schedule: LearningRateSchedule(decay, warmUp: warmUp),
      gradientNorm: gradientNorm, patience: patience, seed: seed ?? 1)
  }

  private static func weights(_ text: String) throws -> ModelTraining.ClassWeights {
    if text == "balanced" { return .balanced }
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard !numbers.contains(nil) else {
      throw ValidationError("--class-weights: expected 'balanced' or numbers with commas between, found '\(text)'")
    }
    return .given(numbers.compactMap { $0 })
  }

  private func printMemory(_ need: TrainingMemory) throws {
    guard !json else { return try JSONOutput.print(need) }
    var table = TextTable(["for", "bytes"], words: [0])
    for (name, bytes) in [
      ("the model, before and after", need.models), ("parameters", need.parameters), ("gradients", need.gradients),
      ("optimizer", need.optimizer), ("values of a batch", need.values), ("work space", need.scratch),
      ("validation", need.validation), ("rows", need.data), ("checkpoint", need.checkpoint), ("together", need.total),
    ] {
      table.add([name, TrainingMemory.words(bytes)])
    }
    print(table.rendered())
  }

  private func printProfile(_ rows: [ModelTraining.ProfileRow]) throws {
    guard !json else { return try JSONOutput.print(rows) }
    var table = TextTable(["operator", "nodes", "by the reference", "µs a step"], words: [0])
    for row in rows {
      table.add([row.operatorName, "\(row.nodes)", "\(row.byReference)", String(format: "%.1f", row.microseconds)])
    }
    print(table.rendered())
  }

  private static func figure(_ value: Double) -> String { String(value.formatted(.number.precision(.significantDigits(4...6)).grouping(.never))) }
}

extension ModelTraining.LossKind: ExpressibleByArgument {}
