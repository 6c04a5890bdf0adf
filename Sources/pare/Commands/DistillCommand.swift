import ArgumentParser
import PareCompression
import PareEvaluation

struct DistillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Trains a student to answer as an experiment's teacher does, and judges both on later data.",
    discussion: """
      The teacher is the experiment's, or a model (.onnx, .pare), or a record of what one said (a table, with --says). It is trained
      once: a second call finds it in DIR/teachers, unless its settings or the data have changed.
      A student is spelled as in recipes, or in short: linear, mlp:32-16, gru:16, lstm:16, cnn:8-8.

      With --rolling the student keeps up with the market: every so many candles the teacher is retrained on the newest ones and the
      student learns on, beside one that stays as it was first made. Neither ever learns from a later candle.

      Examples:
        pare distill examples/simulated.yaml --student mlp:32-16 --int8
        pare distill examples/simulated.yaml --rolling --window 8000 --every 500 --half-life 2000
        pare distill btc.yaml --student linear --temperature 2 --hard-weight 0
        pare distill btc.yaml --teacher big.onnx --student '{mlp: {hidden: [16, 8]}}' --out runs/small
        pare distill btc.yaml --teacher positions.csv --says positions --student mlp:16-8
      """)

  @OptionGroup var common: TeacherArguments

  @Option(name: .long, help: "The student.")
  var student = "mlp:16-8"

  @Option(name: .long, help: "T: how far teacher and student are softened.")
  var temperature = 4.0

  @Option(name: .long, help: "α in 0 ... 1: the share of the labels in the loss; the rest is the teacher's.")
  var hardWeight = 0.3

  @Option(name: .long, help: "Passes over the rows, at most.")
  var epochs = 30

  @Flag(name: .long, help: "The student in integers as well.")
  var int8 = false

  @Option(name: .long, help: ArgumentHelp("A model, or a record of what one said, in the experiment's teacher's place.", valueName: "file"))
  var teacher: String?

  @Option(name: .long, help: "What a record's numbers mean.")
  var says: RecordedTeacher.Statement?

  @Flag(name: .long, help: "Let the student keep up with the market, and say what it and one that stays as it is knew as time went on.")
  var rolling = false

  @Option(name: .long, help: "Candles that an update learns from, with --rolling.")
  var window = 8000

  @Option(name: .long, help: "Candles between updates, with --rolling.")
  var every = 500

  @Option(name: .long, help: "Rows after which a row counts half as much as the newest.")
  var halfLife: Double?

  func run() async throws {
    var file = try ExperimentFile.read(common.experiment)
    var distillation = Distillation(
      into: try NetworkArchitecture(argument: student), temperature: temperature, hardWeight: hardWeight,
      training: TrainingSchedule(epochs: epochs))
    distillation.weighting.halfLife = halfLife
    if rolling { return try await roll(file, distillation) }
    file.experiment.candidates = [CandidateConfiguration("student", recipe: Recipe(name: "student", steps: [distillation]))]
    if int8 {
      file.experiment.candidates.append(
        CandidateConfiguration("student-int8", from: "student", recipe: Recipe("student-int8") { Quantization(.int8) }))
    }
    if let teacher {
      if let says {
        file.teach(by: RecordedTeacher(TableFile(path: teacher.absolute), says: says))
      } else {
        file.experiment.model = teacher.absolute
      }
    } else if says != nil {
      throw ValidationError("--says: expected --teacher, the record that it speaks of")
    }
    try await common.execute(file)
  }
}

extension DistillCommand {
  private func roll(_ file: ExperimentFile, _ distillation: Distillation) async throws {
    var file = file
    if let seed = common.seed { (file.experiment.seed, file.experiment.moreSeeds) = (seed, []) }
    guard teacher == nil, let network = file.experiment.teacher.kind as? NetworkTeacher, network.features == nil, file.experiment.model == nil
    else { throw ValidationError("--rolling: expected an experiment whose teacher is a network on the experiment's own features") }
    let plan = RollingPlan(
      window: window, every: every, teacher: network, distillation: distillation,
      continuation: TrainingSchedule(epochs: max(epochs / 3, 1), patience: 3))
    let result = try await RollingRun(file, plan: plan, observer: ProgressReporter(isQuiet: common.quiet)).execute()
    guard !common.json else { return try JSONOutput.print(result) }
    var table = TextTable(["candle", "rows", "keeps up", "stays as it is", "the most"], words: [])
    func percent(_ value: Double?) -> String { value.map { String(format: "%.2f%%", 100 * $0) } ?? "–" }
    for block in result.blocks {
      table.add(["\(block.candle)", "\(block.rows)", percent(block.rolling), percent(block.fixed), percent(block.best)])
    }
    print(table.rendered())
    print("\nAccuracy above a coin's, \(result.isTrue ? "expected under the simulator's truth" : "on labels"), until the next update.")
    if let change = result.signalBreak { print("The simulated signal is another from candle \(change) on.") }
  }
}

struct TeachCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "teach",
    abstract: "Checks what a strategy or a model said elsewhere against an experiment's data, keeps it as a teacher, and judges it.",
    discussion: """
      A record is a table (CSV, plain or gzip, or npz) with a row per decision: time, symbol where there are several, and position
      (-1 to 1), score, or a column for each class. It must have a row for every decision; with --hold it holds changes alone.

      Examples:
        pare teach btc.yaml --record positions.csv --says positions
        pare teach btc.yaml --record changes.csv --says positions --hold
        pare teach btc.yaml --record logits.npz --says logits --out runs/strategy
      """)

  @OptionGroup var common: TeacherArguments

  @Option(name: .long, help: ArgumentHelp("What the strategy or the model said.", valueName: "file"))
  var record: String

  @Option(name: .long, help: "What the record's numbers mean.")
  var says: RecordedTeacher.Statement

  @Flag(name: .long, help: "The record holds changes of a position alone: what it said last still stands.")
  var hold = false

  @Option(name: .long, help: "The probability that a full position stands for, above 0.5 and below 1.")
  var confidence = 0.9

  func run() async throws {
    var file = try ExperimentFile.read(common.experiment)
    file.teach(
      by: RecordedTeacher(TableFile(path: record.absolute), says: says, gaps: hold ? .hold : .refuse, confidence: confidence))
    file.experiment.candidates = []
    try await common.execute(file)
  }
}

extension RecordedTeacher.Statement: ExpressibleByArgument {}
