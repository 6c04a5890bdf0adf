// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "pare",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .target(name: "CPareKernels"),
    .target(name: "PareTensor"),
    .target(name: "PareLinearAlgebra", dependencies: ["PareTensor"]),
    .target(
      name: "PareGraph",
      dependencies: [
        "PareTensor",
        .product(name: "RealModule", package: "swift-numerics"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(
      name: "PareTraining",
      dependencies: [
        "PareGraph", "PareLinearAlgebra", "CPareKernels",
        .product(name: "RealModule", package: "swift-numerics"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .testTarget(name: "PareGraphTests", dependencies: ["PareGraph"]),
    .testTarget(name: "PareTrainingTests", dependencies: ["PareTraining", "CRuntimeCounters"]),
    .target(name: "CRuntimeCounters", path: "Tests/CRuntimeCounters"),
  ],
  swiftLanguageModes: [.v6]
)
