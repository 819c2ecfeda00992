# Read by lit after lit.site.cfg.py (made by CMake, in the build tree) has filled in the paths.
import ctypes
import glob
import os
import shutil
import lit.formats

config.name = "moec"
config.test_format = lit.formats.ShTest(execute_external=False)  # lit's own shell: no fork a RUN line
config.suffixes = [".mlir", ".moe", ".test"]
config.excludes = ["fuzz", "Inputs", "bench", "goldens"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.moec_build_dir + "/test"
# moec, moe-opt and moe-run first; FileCheck, not, count and split-file come from LLVM.
config.environment["PATH"] = os.pathsep.join(
    [config.moec_build_dir + "/bin", config.llvm_tools_dir, config.environment["PATH"]])
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "OMP_NUM_THREADS"):  # lit passes on nothing by default
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.environment["NO_COLOR"] = "1"
config.substitutions.append(("%moec_src", os.path.dirname(config.test_source_root)))
config.substitutions.append(("%moec_lib", config.moec_build_dir + "/lib"))
config.substitutions.append(("%python", config.python))
if "ASAN_OPTIONS" in os.environ:  # set by the presets with sanitizers
    config.available_features.add("sanitized")
if os.environ.get("MOEC_VERIFY_ROUNDTRIP"):  # every moe-opt also prints its input, reads it back and compares
    config.substitutions.append((r"\bmoe-opt (?!--verify-roundtrip)", "moe-opt --verify-roundtrip "))
# Tests of machine code need NVIDIA's programs, which moec itself can do without.
toolkits = [os.environ[name] for name in ("CUDA_HOME", "CUDA_PATH") if name in os.environ] + ["/usr/local/cuda"]
config.environment["PATH"] = os.pathsep.join(
    [config.environment["PATH"]] + [os.path.join(folder, "bin") for folder in toolkits]
    + glob.glob(config.moec_build_dir + "/nvidia/nvidia/*/bin"))  # test/packages.sh
for tool in ("ptxas", "nvdisasm", "chromium"):  # the last opens pages
    if shutil.which(tool, path=config.environment["PATH"]):
        config.available_features.add(tool)
if any(os.path.exists(os.path.join(folder, "lib64", "libnvJitLink.so")) for folder in toolkits):
    config.environment["CUDA_HOME"] = toolkits[0]
    config.available_features.add("nvjitlink")
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    config.available_features.add("no-cuda-driver")
