# Warnings are errors for our own code; an installed copy passes none of this on to its users.
add_library(holdfast_build_flags INTERFACE)
target_compile_options(holdfast_build_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
if(HOLDFAST_SANITIZE)
  # Its manual says so: with a sanitizer, g++ takes what is initialised for what is not.
  target_compile_options(holdfast_build_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_compile_options(-fsanitize=${HOLDFAST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HOLDFAST_SANITIZE})
endif()

# Compiles a target several sources at a time. Read together, names of one file's own namespace hide
# another's, and g++ takes local types for a header's. A file whose names clash stands APART.
add_library(holdfast_unity_flags INTERFACE)
target_compile_options(holdfast_unity_flags INTERFACE -Wno-shadow
  $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
function(holdfast_unity target)
  cmake_parse_arguments(U "" "" "APART" ${ARGN})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:holdfast_unity_flags>)
  if(U_APART)
    set_source_files_properties(${U_APART} TARGET_DIRECTORY ${target}
      PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# One component: holdfast_component(NAME) makes holdfast_NAME, exported as holdfast::NAME.
function(holdfast_component name)
  add_library(holdfast_${name} STATIC)
  add_library(holdfast::${name} ALIAS holdfast_${name})
  set_property(GLOBAL APPEND PROPERTY HOLDFAST_COMPONENTS ${name})
  set_target_properties(holdfast_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(holdfast_${name} PUBLIC cxx_std_20)
  target_include_directories(holdfast_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(holdfast_${name} PRIVATE $<BUILD_INTERFACE:holdfast_build_flags>)
endfunction()
