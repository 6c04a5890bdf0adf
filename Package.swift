// swift-tools-version: 6.1
import PackageDescription

// A target imports only what stands above it in this list; see docs/architecture.md.
let package = Package(
  name: "pare",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "pare", targets: ["pare"]),
    // Loading and running a model.
    .library(name: "PareInference", targets: ["PareInference", "PareArtifact", "PareGraph", "PareTensor"]),
    // The same from C; scripts/build-libparec makes a library of it that needs no Swift where it runs.
    .library(name: "PareC", type: .static, targets: ["PareC"]),
    // Training and paring one.
    .library(name: "PareCompression", targets: ["PareCompression", "PareBoostedTrees", "PareModels", "PareTraining", "PareArrays"]),
    // Agents that learn by reward.
    .library(name: "PareAgents", targets: ["PareAgents"]),
    // Candles, features, labels, simulation; and positions to money.
    .library(name: "PareMarket", targets: ["PareMarket", "PareBacktest"]),
    // A whole experiment.
    .library(name: "PareEvaluation", targets: ["PareEvaluation"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .target(name: "CPareKernels"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

    .target(name: "PareTensor"),
    .target(name: "PareLinearAlgebra", dependencies: ["PareTensor"]),
    .target(
      name: "PareGraph",
      dependencies: [
        "PareTensor",
        .product(name: "RealModule", package: "swift-numerics"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(name: "PareArtifact", dependencies: ["PareGraph"]),
    .target(name: "PareArrays", dependencies: ["PareArtifact", "CZlib"]),
    .target(
      name: "PareONNX",
      dependencies: [
        "PareArtifact",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Messages/onnx.proto"]),
    .target(
      name: "PareTraining",
      dependencies: [
        "PareArtifact", "PareLinearAlgebra", "CPareKernels",
        .product(name: "RealModule", package: "swift-numerics"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(name: "PareInference", dependencies: ["PareArtifact", "CPareKernels"]),
    .target(name: "CPareInterface"),
    .target(name: "PareC", dependencies: ["CPareInterface", "PareInference"]),
    .target(name: "PareModels", dependencies: ["PareTraining"]),
    .target(name: "PareBoostedTrees", dependencies: ["PareModels"]),
    .target(
      name: "PareAgents",
      dependencies: ["PareModels", .product(name: "RealModule", package: "swift-numerics")]),
    .target(
      name: "PareCompression",
      dependencies: [
        "PareModels", "PareBoostedTrees", "PareInference",
        .product(name: "RealModule", package: "swift-numerics"),
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "PareMarket",
      dependencies: [
        "PareTensor", "CZlib",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "PareBacktest", dependencies: ["PareMarket", "PareLinearAlgebra"]),
    .target(
      name: "PareEvaluation",
      dependencies: [
        "PareCompression", "PareBoostedTrees", "PareAgents", "PareBacktest", "PareONNX", "PareArrays",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ]),
    .executableTarget(
      name: "pare",
      dependencies: [
        "PareEvaluation", "PareArrays",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .testTarget(name: "PareTensorTests", dependencies: ["PareTensor"]),
    .testTarget(name: "PareLinearAlgebraTests", dependencies: ["PareLinearAlgebra"]),
    .testTarget(name: "PareGraphTests", dependencies: ["PareGraph"]),
    .testTarget(name: "PareArtifactTests", dependencies: ["PareArtifact"]),
    .testTarget(name: "PareArraysTests", dependencies: ["PareArrays"]),
    .testTarget(name: "PareONNXTests", dependencies: ["PareONNX", "PareArtifact"]),
    .testTarget(name: "PareTrainingTests", dependencies: ["PareTraining", "PareInference", "CRuntimeCounters"]),
    .target(name: "CRuntimeCounters", path: "Tests/CRuntimeCounters"),
    .target(name: "CKernelCases", dependencies: ["CPareKernels"], path: "Tests/CKernelCases"),
    .testTarget(name: "PareInferenceTests", dependencies: ["PareInference", "CRuntimeCounters", "CKernelCases"]),
    .testTarget(name: "PareCTests", dependencies: ["PareC", "PareArrays", "CRuntimeCounters"]),
    .testTarget(name: "PareModelsTests", dependencies: ["PareModels"]),
    .testTarget(name: "PareAgentsTests", dependencies: ["PareAgents", "PareMarket"]),
    .testTarget(name: "PareBoostedTreesTests", dependencies: ["PareBoostedTrees", "PareInference"]),
    .testTarget(name: "PareCompressionTests", dependencies: ["PareCompression", "CRuntimeCounters"]),
    .testTarget(
      name: "PareMarketTests",
      dependencies: [
        "PareMarket",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ]),
    .testTarget(name: "PareBacktestTests", dependencies: ["PareBacktest"]),
    .testTarget(
      name: "PareEvaluationTests",
      dependencies: ["PareEvaluation", "PareArrays", .product(name: "GRDB", package: "GRDB.swift")]),
    .testTarget(name: "CommandLineTests", dependencies: ["PareArrays"]),
  ],
  swiftLanguageModes: [.v6]
)
