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

      Examples:
        pare distill examples/simulated.yaml --student mlp:32-16 --int8
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

  func run() async throws {
    var file = try ExperimentFile.read(common.experiment)
    let distillation = Distillation(
      into: try NetworkArchitecture(argument: student), temperature: temperature, hardWeight: hardWeight,
      training: TrainingSchedule(epochs: epochs))
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
